package install

import (
	"errors"
	"strings"
	"testing"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

func TestCatalogStep(t *testing.T) {
	for _, c := range []struct {
		from, to, want string
		skew           int
	}{
		{"", "1.29.1", "", 1},
		{"1.31.0", "1.31.0", "", 1},
		{"1.31.0", "1.31.2", "", 1},
		{"1.31.2", "1.31.0", "", 1},
		{"1.30.4", "1.31.2", "", 1},
		{"1.31.2", "1.30.4", "", 1},
		{"1.29.0", "1.31.2", "go to 1.30.4 first", 1},
		{"1.29.0", "1.31.2", "", 2},
		{"1.32.0", "1.30.4", "goes back 1 minor versions at most, to 1.31.2", 1},
		{"1.26.0", "1.31.2", "go to 1.27 first", 1},
		{"1.31.2", "2.0.0", "new installation", 1},
		{"2.0.0", "1.31.2", "new installation", 1},
		{"unknown", "1.31.2", "cannot be read", 1},
	} {
		catalog := testCatalog(t)
		catalog.Skew = c.skew
		err := catalog.Step(c.from, c.to)
		if c.want == "" {
			if err != nil {
				t.Errorf("from %q to %q: %v", c.from, c.to, err)
			}
			continue
		}
		var refusal *Refusal
		if !errors.As(err, &refusal) || refusal.Reason != v1alpha1.ReasonSkew || !strings.Contains(refusal.Message, c.want) {
			t.Errorf("from %q to %q: error %v, want a refusal with %q", c.from, c.to, err, c.want)
		}
	}
}

// majorsText is a catalog with three major versions.
const majorsText = `
default: "2.0"
repository: https://charts.example
skew: 1
follows: {"2.0": "1.9", "4.1": "2.1"}
versions:
- {version: 4.1.0, endOfLife: "2028-05-31"}
- {version: 2.1.0, endOfLife: "2027-11-30"}
- {version: 2.0.3, endOfLife: "2027-05-31"}
- {version: 2.0.0, endOfLife: "2027-05-31"}
- {version: 1.9.11, endOfLife: "2026-11-30"}
`

// TestStepOverMajors shows that versions are counted over the majors that follow
// each other, those that the catalog does not list included.
func TestStepOverMajors(t *testing.T) {
	for _, c := range []struct {
		from, to, want string
		skew           int
	}{
		{"1.9.7", "2.0.3", "", 1},
		{"2.0.3", "1.9.11", "", 1},
		{"2.1.0", "4.1.0", "", 1},
		{"1.8.4", "2.0.3", "go to 1.9.11 first", 1},
		{"1.8.4", "2.0.3", "", 2},
		{"1.8.4", "2.1.0", "go to 2.0.3 first", 2},
		{"1.9.11", "2.1.0", "go to 2.0.3 first", 1},
		{"1.9.11", "4.1.0", "go to 2.0.3 first", 1},
		{"1.9.11", "4.1.0", "", 3},
		{"2.1.0", "1.9.11", "goes back 1 minor versions at most, to 2.0.3", 1},
		{"4.1.0", "1.9.11", "goes back 2 minor versions at most, to 2.0.3", 2},
		{"2.0.3", "1.8.4", "goes back 1 minor versions at most, to 1.9.11", 1},
		{"1.10.0", "2.0.3", "new installation", 9},
		{"2.0.3", "1.10.0", "new installation", 9},
		{"2.2.0", "4.1.0", "new installation", 9},
		{"2.1.0", "4.0.0", "new installation", 9},
		{"2.1.0", "3.0.0", "new installation", 9},
		{"4.1.0", "5.0.0", "new installation", 9},
	} {
		catalog, err := ParseCatalog([]byte(majorsText))
		if err != nil {
			t.Fatal(err)
		}
		catalog.Skew = c.skew
		var refusal *Refusal
		switch err := catalog.Step(c.from, c.to); {
		case c.want == "" && err == nil:
		case c.want == "" || !errors.As(err, &refusal) || refusal.Reason != v1alpha1.ReasonSkew || !strings.Contains(refusal.Message, c.want):
			t.Errorf("from %s to %s: error %v, want %q", c.from, c.to, err, c.want)
		}
	}
}

func TestParseFollowsRefuses(t *testing.T) {
	for name, c := range map[string]struct{ follows, want string }{
		"an exact version":              {`{2.0.0: "1.9"}`, `"2.0.0" must be a minor version`},
		"after an exact version":        {`{"2.0": 1.9.11}`, `"1.9.11", which must be a minor version`},
		"no version":                    {`{"2.0": before}`, `"before", which must be a minor version`},
		"the same major version":        {`{"2.1": "2.0"}`, "of a newer major version"},
		"backwards":                     {`{"1.9": "2.0"}`, "of a newer major version"},
		"none that is listed":           {`{"3.0": "2.1"}`, "3.0 is the minor version of none"},
		"not the last":                  {`{"4.1": "2.0"}`, "2.1.0 is between them"},
		"not the first":                 {`{"2.1": "1.9"}`, "is between them"},
		"a major version in the middle": {`{"4.1": "1.9"}`, "is between them"},
		"two that begin a major":        {`{"2.0": "1.9", "2.1": "1.9"}`, ""},
		"two that leave a major":        {`{"2.0": "1.9", "4.1": "1.9"}`, ""},
	} {
		text := strings.Replace(majorsText, `{"2.0": "1.9", "4.1": "2.1"}`, c.follows, 1)
		if _, err := ParseCatalog([]byte(text)); err == nil || !strings.Contains(err.Error(), "follows: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}
