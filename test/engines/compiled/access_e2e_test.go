//go:build e2e

package compiled

import (
	"fmt"
	"strings"

	"github.com/meshloom/meshloom/test/engines/ads"
	"github.com/meshloom/meshloom/translators/ir"
)

// policy is an AccessPolicy for echo-v1.
func policy(action, rules string) string {
	return `
apiVersion: meshloom.io/v1alpha1
kind: AccessPolicy
metadata: {name: echo}
spec:
  targetRefs: [{kind: Service, name: echo-v1}]
  action: ` + action + `
  rules:
` + rules
}

// verdict is a call to echo-v1 and whether it is admitted.
type verdict struct {
	// caller is "account" of the member namespace, "namespace/account", or
	// empty for a caller without an identity.
	caller string
	port   uint32
	ads.Request
	admitted bool
}

func yes(caller string) verdict { return verdict{caller: caller, admitted: true} }
func no(caller string) verdict  { return verdict{caller: caller} }

func (v verdict) to(method, path string) verdict {
	v.Request = ads.Request{Method: method, Path: path}
	return v
}

// onAdmin is the same call to the server's other port.
func (v verdict) onAdmin() verdict {
	v.port = 9090
	return v
}

// verdicts asserts what the server's proxy admits.
func verdicts(list ...verdict) func(*world, *ads.Snapshot) error {
	return func(w *world, s *ads.Snapshot) error {
		for _, v := range list {
			if v.port == 0 {
				v.port = 8080
			}
			if v.Path == "" {
				v.Path = "/"
			}
			rules, err := s.Access(v.port)
			if err != nil {
				return err
			}
			call := ads.Call{Caller: w.identity(v.caller), Port: v.port, Request: v.Request}
			got, err := ads.Admits(rules, call)
			if err != nil {
				return err
			}
			if got != v.admitted {
				return fmt.Errorf("%s %s on port %d by %q: admitted %t, want %t", v.Method, v.Path, v.port, call.Caller, got, v.admitted)
			}
		}
		return nil
	}
}

func (w *world) identity(caller string) string {
	switch namespace, account, foreign := strings.Cut(w.fill(caller), "/"); {
	case caller == "":
		return ""
	case foreign:
		return "spiffe://cluster.local/ns/" + namespace + "/sa/" + account
	default:
		return "spiffe://cluster.local/ns/" + w.member + "/sa/" + caller
	}
}

func access() []compiled {
	alice := "  - from: [{serviceAccount: {name: alice}}]\n"
	rule := func(name, action, rules string, f ir.Feature, list ...verdict) compiled {
		return compiled{name: name, places: []place{inMesh}, objects: policy(action, rules), checks: []check{
			{feature: f, at: server, holds: verdicts(list...)},
		}}
	}
	return []compiled{
		rule("allow an account", "Allow", alice, ir.AllowIdentity, yes("alice"), no("bob"), no("elsewhere/alice"), no("")),
		rule("allow a namespace", "Allow", "  - from: [{namespace: {name: batch}}]\n", ir.AllowNamespace,
			yes("batch/anyone"), no("alice"), no("batches/anyone"), no("")),
		rule("allow members", "Allow", "  - from: [{member: {}}]\n", ir.AllowMember, yes("alice"), yes("batch/bob"), no("")),
		rule("allow anyone to one path", "Allow", "  - from: [{anyone: {}}]\n    to: [{paths: [{type: Exact, value: /open}]}]\n", ir.AllowAnyone,
			yes("").to("GET", "/open"), yes("alice").to("GET", "/open"), no("").to("GET", "/"), no("alice").to("GET", "/open/x")),
		rule("deny an account", "Deny", alice, ir.DenyIdentity, no("alice"), yes("bob"), yes("elsewhere/alice")),
		rule("deny a namespace", "Deny", "  - from: [{namespace: {name: batch}}]\n", ir.DenyNamespace, no("batch/anyone"), yes("alice"), yes("batches/x")),
		rule("deny members", "Deny", "  - from: [{member: {}}]\n", ir.DenyMember, no("alice"), no("batch/bob"), yes("")),
		rule("deny anyone one path", "Deny", "  - from: [{anyone: {}}]\n    to: [{paths: [{type: Exact, value: /shut}]}]\n", ir.DenyAnyone,
			no("").to("GET", "/shut"), no("alice").to("GET", "/shut"), yes("").to("GET", "/")),
		rule("deny a Service's callers and those without identity", "Deny", "  - from: [{service: {name: shadow}}]\n", ir.DenyUnidentified,
			no("shadow"), no(""), yes("alice")),
		rule("allow methods", "Allow", alice+"    to: [{methods: [GET, HEAD]}]\n", ir.AccessMethods,
			yes("alice").to("GET", "/x"), yes("alice").to("HEAD", "/"), no("alice").to("POST", "/x"), no("bob").to("GET", "/x")),
		rule("allow whole paths", "Allow", alice+"    to: [{paths: [{type: Exact, value: /a}, {type: Exact, value: /b}]}]\n", ir.AccessPathExact,
			yes("alice").to("GET", "/a"), yes("alice").to("GET", "/b?c=d"), no("alice").to("GET", "/a/"), no("alice").to("GET", "/")),
		rule("allow below a path", "Allow", alice+"    to: [{paths: [{type: PathPrefix, value: /a}]}]\n", ir.AccessPathPrefix,
			yes("alice").to("GET", "/a"), yes("alice").to("GET", "/a/b"), no("alice").to("GET", "/ab"), no("alice").to("GET", "/")),
		rule("deny below a path", "Deny", alice+"    to: [{paths: [{type: PathPrefix, value: /a}]}]\n", ir.AccessPathPrefix,
			no("alice").to("GET", "/a"), no("alice").to("GET", "/a/b"), yes("alice").to("GET", "/ab"), yes("bob").to("GET", "/a")),
		rule("allow one port", "Allow", alice+"    to: [{ports: [9090]}]\n", ir.AccessPorts,
			yes("alice").onAdmin(), no("alice"), no("bob").onAdmin()),
		rule("deny one port", "Deny", alice+"    to: [{ports: [9090]}]\n", ir.AccessPorts, no("alice").onAdmin(), yes("alice")),
		rule("allow a gateway", "Allow", "  - from: [{ingressGateway: {name: public, namespace: $edge}}]\n", ir.AllowIdentity,
			yes("$edge/public"), no("public"), no("alice"), no("")),
		{name: "allow in the whole namespace", places: []place{inMesh}, objects: untargeted, checks: []check{
			{feature: ir.AllowIdentity, at: server, holds: verdicts(yes("alice"), yes("alice").onAdmin(), no("bob"), no(""))},
		}},
		{name: "deny beats allow", places: []place{inMesh}, objects: denyBeatsAllow, checks: []check{
			{feature: ir.DenyIdentity, at: server, holds: verdicts(yes("bob"), no("alice"), no(""))},
			{feature: ir.AllowMember, at: server, holds: verdicts(yes("bob"), no("alice"), no(""))},
		}},
	}
}

const untargeted = `
apiVersion: meshloom.io/v1alpha1
kind: AccessPolicy
metadata: {name: everything}
spec:
  action: Allow
  rules: [{from: [{serviceAccount: {name: alice}}]}]
`

const denyBeatsAllow = `
apiVersion: meshloom.io/v1alpha1
kind: AccessPolicy
metadata: {name: members}
spec:
  targetRefs: [{kind: Service, name: echo-v1}]
  action: Allow
  rules: [{from: [{member: {}}]}]
---
apiVersion: meshloom.io/v1alpha1
kind: AccessPolicy
metadata: {name: not-alice}
spec:
  targetRefs: [{kind: Service, name: echo-v1}]
  action: Deny
  rules: [{from: [{serviceAccount: {name: alice}}]}]
`
