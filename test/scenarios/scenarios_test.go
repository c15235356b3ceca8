package scenarios

import (
	"io/fs"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// expectations answers every check, by scenario and check.
func expectations(t *testing.T) map[string]map[string]*Outcome {
	t.Helper()
	base, err := NewBase()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]*Outcome{}
	for _, s := range All() {
		oracle, err := NewOracle(base, s)
		if err != nil {
			t.Fatal(err)
		}
		all[s.Name] = map[string]*Outcome{}
		for _, c := range s.Checks {
			want, err := oracle.Expect(&c)
			if err != nil {
				t.Errorf("scenario %s: %v", s.Name, err)
				continue
			}
			if _, twice := all[s.Name][c.Name]; twice {
				t.Errorf("scenario %s has two checks called %q", s.Name, c.Name)
			}
			all[s.Name][c.Name] = want
		}
	}
	return all
}

func TestEveryCheckHasAnExpectation(t *testing.T) {
	for scenario, checks := range expectations(t) {
		for check, want := range checks {
			for what, parts := range map[string]map[string]float64{"statuses": want.Statuses, "answerers": want.Answerers} {
				sum := 0.0
				for _, part := range parts {
					sum += part
				}
				if len(want.Errors) == 0 && math.Abs(sum-1) > 1e-9 {
					t.Errorf("%s/%s: %s add up to %v: %v", scenario, check, what, sum, parts)
				}
			}
		}
	}
}

// TestExpectations spells some of them out: the oracle is code, too.
func TestExpectations(t *testing.T) {
	all := expectations(t)
	for _, c := range []struct {
		scenario, check, want string
	}{
		{"unrouted", "all versions answer", "100 % echo-v1|echo-v2|echo-v3"},
		{"split-subsets", "75/25", "75 % echo-v1, 25 % echo-v2"},
		{"split-subsets", "header sends to v3", "100 % echo-v3"},
		{"split-services", "40/60", "40 % echo-v1, 60 % echo-v2"},
		{"matches", "prefix and more", "100 % echo-v2"},
		{"matches", "prefix within an element", "100 % echo-v1"},
		{"redirects", "host and status", "100 % 301"},
		{"timeout", "slow answer", "100 % 504"},
		{"fault", "abort 10 %", "10 % 418, 90 % echo-v2"},
		{"allow-account", "the named account", "100 % vault-v1"},
		{"allow-account", "another account", "100 % 403"},
		{"allow-account", "no member", "100 % 403"},
		{"allow-operations", "path within an element", "100 % 403"},
		{"deny-beats-allow", "allowed and denied", "100 % 403"},
		{"pair", "75/25 through the gateway", "75 % echo-v1, 25 % echo-v2"},
		{"pair", "rule through the gateway", "100 % echo-v3"},
		{"pair", "timeout through the gateway", "100 % 504"},
		{"gateway-hosts", "wildcard", "100 % echo-v3"},
		{"gateway-hosts", "host of no listener", "100 % 404"},
		{"gateway-access", "a path that it may not", "100 % 403"},
		{"default-deny", "a namespace without policies", "100 % 403"},
		{"strict", "plaintext from outside the mesh", "100 % connection reset"},
		{"egress", "a host that is not", "100 % 502"},
	} {
		got := all[c.scenario][c.check]
		if got == nil {
			t.Errorf("there is no check %s/%s", c.scenario, c.check)
		} else if got.String() != c.want {
			t.Errorf("%s/%s: %s, want %s", c.scenario, c.check, got, c.want)
		}
	}
	seen := &Seen{Host: "echo.routing", Path: "/", Header: map[string]string{"x-set": "new", "x-add": "old,new", "x-added": "new", "x-gone": ""}}
	if diff := cmp.Diff(seen, all["headers"]["request and response headers"].Sees); diff != "" {
		t.Errorf("seen by the server (-want +got):\n%s", diff)
	}
}

func TestEveryFolderIsAScenario(t *testing.T) {
	folders, err := fs.ReadDir(manifests, "testdata")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"base": true}
	for _, s := range All() {
		known[s.Name] = true
	}
	for _, folder := range folders {
		if !known[folder.Name()] {
			t.Errorf("no scenario is called %s", folder.Name())
		}
	}
}
