package install

import "testing"

func TestWindowHolds(t *testing.T) {
	for _, c := range []struct {
		name    string
		window  Window
		version string
		want    bool
	}{
		{"inside", Window{"1.32", "1.36"}, "1.34.1", true},
		{"the first", Window{"1.32", "1.36"}, "1.32.0", true},
		{"the last, patched", Window{"1.32", "1.36"}, "1.36.9", true},
		{"too old", Window{"1.32", "1.36"}, "1.31.9", false},
		{"too new", Window{"1.32", "1.36"}, "1.37.0", false},
		{"numbers, not letters", Window{"1.9", "1.36"}, "1.10.0", true},
		{"a vendor's version", Window{"1.32", "1.36"}, "v1.34.2+k3s1", true},
		{"a provider's pre-release", Window{"1.32", "1.36"}, "v1.36.0-gke.100", true},
		{"minor only", Window{"1.4", "1.6"}, "1.5", true},
		{"open below", Window{Max: "1.36"}, "1.2.0", true},
		{"open above", Window{Min: "1.32"}, "2.0.0", true},
		{"open above, too old", Window{Min: "1.32"}, "1.31.0", false},
		{"open", Window{}, "", true},
		{"nothing known", Window{Min: "1.32"}, "", false},
		{"no version", Window{Max: "1.36"}, "latest", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.window.Holds(c.version); got != c.want {
				t.Errorf("%s holds %q: %t, want %t", c.window, c.version, got, c.want)
			}
		})
	}
}

func TestNewer(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"1.31.0", "1.30.9", true},
		{"1.31.0", "1.31.0", false},
		{"1.30.10", "1.30.9", true},
		{"1.31.0", "1.31.0-rc.1", true},
		{"1.31.0-rc.1", "1.31.0", false},
		{"1.31.0", "what", true},
		{"what", "1.31.0", false},
	} {
		if got := Newer(c.a, c.b); got != c.want {
			t.Errorf("Newer(%s, %s) = %t, want %t", c.a, c.b, got, c.want)
		}
	}
}
