package install

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/version"
)

// number is a version that can be compared.
type number struct{ *version.Version }

// parseVersion reads an exact version, as "1.31.0" or "v1.37.2+k3s1".
func parseVersion(text string) (number, error) {
	v, err := version.ParseSemantic(text)
	if err != nil {
		return number{}, fmt.Errorf("read version %q: it must be like 1.31.0", text)
	}
	return number{v}, nil
}

// parseMinor reads the first two parts of a version, as "1.31" of "1.31.0".
func parseMinor(text string) (number, error) {
	parts := strings.SplitN(strings.TrimPrefix(text, "v"), ".", 3)
	if len(parts) < 2 {
		return number{}, fmt.Errorf("read version %q: it must be like 1.31", text)
	}
	v, err := version.ParseMajorMinor(parts[0] + "." + parts[1])
	if err != nil {
		return number{}, fmt.Errorf("read version %q: it must be like 1.31", text)
	}
	return number{v}, nil
}

// minor returns the first two parts, as "1.31".
func (n number) minor() string { return fmt.Sprintf("%d.%d", n.Major(), n.Minor()) }

// Newer reports whether version a is newer than b. What cannot be read is older
// than what can.
func Newer(a, b string) bool {
	left, err := parseVersion(a)
	if err != nil {
		return false
	}
	right, err := parseVersion(b)
	return err != nil || left.GreaterThan(right.Version)
}

// Holds reports whether the minor version of an exact or minor version lies in
// the window. A version that cannot be read lies only in an open one.
func (w Window) Holds(version string) bool {
	if w.Min == "" && w.Max == "" {
		return true
	}
	v, err := parseMinor(version)
	if err != nil {
		return false
	}
	if low, err := parseMinor(w.Min); err == nil && v.LessThan(low.Version) {
		return false
	}
	high, err := parseMinor(w.Max)
	return err != nil || !v.GreaterThan(high.Version)
}

// String returns the window for people, as "1.32 to 1.36".
func (w Window) String() string {
	switch {
	case w.Min == "" && w.Max == "":
		return "any version"
	case w.Max == "":
		return w.Min + " or newer"
	case w.Min == "":
		return w.Max + " or older"
	case w.Min == w.Max:
		return w.Min
	}
	return w.Min + " to " + w.Max
}

// validate says what is wrong with the ends of the window.
func (w Window) validate() error {
	for _, end := range []string{w.Min, w.Max} {
		if end == "" {
			continue
		}
		v, err := parseMinor(end)
		if err != nil {
			return err
		}
		if v.minor() != end {
			return fmt.Errorf("read window end %q: it must be a minor version like %s", end, v.minor())
		}
	}
	if w.Min != "" && w.Max != "" && !w.Holds(w.Min) {
		return fmt.Errorf("window %s ends before it begins", w)
	}
	return nil
}
