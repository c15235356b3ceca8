package install

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

const catalogText = `
default: "1.31"
repository: https://charts.example
skew: 1
versions:
- {version: 1.32.0, endOfLife: "2027-11-30"}
- version: 1.31.2
  kubernetes: {min: "1.32", max: "1.36"}
  gatewayAPI: {min: "1.4"}
  endOfLife: "2027-05-31"
  embedded: true
  charts: {gateway: 0.4.0}
- {version: 1.31.0, endOfLife: "2027-05-31"}
- {version: 1.30.4, endOfLife: "2026-11-30"}
- {version: 1.29.1, endOfLife: "2026-05-31"}
`

func testCatalog(t *testing.T) Catalog {
	t.Helper()
	c, err := ParseCatalog([]byte(catalogText))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestParseCatalogRefuses(t *testing.T) {
	if _, err := ParseCatalog([]byte("default: \"1.31\"\nskew: 1")); err == nil || !strings.Contains(err.Error(), "lists no versions") {
		t.Errorf("a catalog without versions: %v", err)
	}
	for _, c := range []struct{ name, old, replacement, want string }{
		{"unknown field", "skew: 1", "skew: 1\nskewed: 1", "skewed"},
		{"no skew", "skew: 1", "", "skew is 0"},
		{"order", "1.32.0", "1.30.5", "1.31.2 comes after 1.30.5"},
		{"twice", "1.31.0", "1.31.2", "1.31.2 comes after 1.31.2"},
		{"not exact", "version: 1.32.0", `version: "1.32"`, "must be like 1.31.0"},
		{"window", `min: "1.32", max`, `min: "one", max`, "kubernetes: read version"},
		{"window of a patch", `min: "1.32", max`, `min: "1.32.1", max`, "must be a minor version like 1.32"},
		{"window the wrong way round", `min: "1.32", max: "1.36"`, `min: "1.36", max: "1.32"`, "ends before it begins"},
		{"date", "2026-05-31", "31.5.2026", "is no date"},
		{"default that is not there", `default: "1.31"`, `default: "1.33"`, `default "1.33"`},
		{"exact default", `default: "1.31"`, `default: 1.31.0`, `default "1.31.0"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(catalogText, c.old, c.replacement, 1)
			_, err := ParseCatalog([]byte(text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestResolve(t *testing.T) {
	catalog := testCatalog(t)
	for asked, want := range map[string]string{
		"":        "1.31.2",
		"1.31":    "1.31.2",
		"1.30":    "1.30.4",
		"1.31.0":  "1.31.0",
		"v1.31.0": "1.31.0",
	} {
		if got, err := catalog.Resolve(asked); err != nil || got.Version != want {
			t.Errorf("Resolve(%q) = %s, %v, want %s", asked, got.Version, err, want)
		}
	}
	for _, asked := range []string{"1.28", "1.31.1", "1.3", "latest", "1", "1.31.0.0"} {
		_, err := catalog.Resolve(asked)
		var refusal *Refusal
		if !errors.As(err, &refusal) || refusal.Reason != v1alpha1.ReasonVersionUnknown ||
			!strings.Contains(refusal.Message, "1.32.0, 1.31.2, 1.31.0, 1.30.4, 1.29.1") {
			t.Errorf("Resolve(%q): error %v, want a refusal that lists what there is", asked, err)
		}
	}
}

func TestEndOfLife(t *testing.T) {
	catalog := testCatalog(t)
	day := func(text string) time.Time {
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, c := range []struct{ version, now, want string }{
		{"1.30.4", "2026-08-01", ""},
		{"1.30.4", "2026-10-15", "version 1.30.4 is out of support from 2026-11-30: upgrade towards 1.32.0"},
		{"1.30.4", "2026-11-30", "version 1.30.4 has been out of support since 2026-11-30: upgrade towards 1.32.0"},
		{"1.32.0", "2028-01-01", "version 1.32.0 has been out of support since 2027-11-30"},
		{"1.2.3", "2028-01-01", ""},
	} {
		if got := catalog.EndOfLife(c.version, day(c.now)); got != c.want {
			t.Errorf("%s on %s: %q, want %q", c.version, c.now, got, c.want)
		}
	}
}
