package install

import (
	"fmt"
	"maps"
	"slices"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// Step checks that a control plane can go from one exact version to another in
// one step, forwards or back. An empty from is a first installation. The error
// is a *Refusal that names a version to go to first.
func (c Catalog) Step(from, to string) error {
	if from == "" || from == to {
		return nil
	}
	a, err := parseMinor(from)
	if err != nil {
		return refuse(v1alpha1.ReasonSkew, "the version that runs, %q, cannot be read, so no upgrade from it can be checked", from)
	}
	b, err := parseMinor(to)
	if err != nil {
		return refuse(v1alpha1.ReasonVersionUnknown, "version %q cannot be read: it must be like 1.31.0", to)
	}
	if a.GreaterThan(b.Version) {
		return c.stepBack(a, b, from, to)
	}
	switch far, ok := c.distance(a, b); {
	case !ok:
		return newMajor(from, to)
	case far > c.Skew:
		return refuse(v1alpha1.ReasonSkew, "%s cannot become %s in one step of at most %d minor versions: go to %s first",
			from, to, c.Skew, c.towards(a, c.Skew))
	}
	return nil
}

// stepBack checks the step from minor version a to an older one.
func (c Catalog) stepBack(a, b number, from, to string) error {
	switch far, ok := c.distance(b, a); {
	case !ok:
		return newMajor(from, to)
	case far > c.Skew:
		return refuse(v1alpha1.ReasonSkew, "%s cannot go back to %s: a downgrade goes back %d minor versions at most, to %s",
			from, to, c.Skew, c.towards(a, -c.Skew))
	}
	return nil
}

func newMajor(from, to string) error {
	return refuse(v1alpha1.ReasonSkew, "%s cannot become %s: the way from one major version to another is a new installation", from, to)
}

// distance is how many minor versions one is after another, and whether a way
// leads from a to b, over major versions that follow each other.
func (c Catalog) distance(a, b number) (int, bool) {
	if a.Major() == b.Major() {
		return int(b.Minor()) - int(a.Minor()), !a.GreaterThan(b.Version)
	}
	first, last, ok := c.begin(b.Major())
	if !ok || first.GreaterThan(b.Version) {
		return 0, false
	}
	below, ok := c.distance(a, last)
	return below + 1 + int(b.Minor()) - int(first.Minor()), ok
}

// begin returns the first minor version of a major one, and the one before it,
// if the major version follows another.
func (c Catalog) begin(major uint) (first, last number, ok bool) {
	for key, value := range c.Follows {
		first, err := parseMinor(key)
		if err != nil || first.Major() != major {
			continue
		}
		last, err := parseMinor(value)
		return first, last, err == nil
	}
	return number{}, number{}, false
}

// towards names the version to go to that is so many minor versions away: an
// exact one where the catalog has it.
func (c Catalog) towards(from number, minors int) string {
	at := from
	for ; minors > 0; minors-- {
		at = c.after(at)
	}
	for ; minors < 0; minors++ {
		at = c.before(at)
	}
	if v, ok := c.newestOf(at.minor()); ok {
		return v.Version
	}
	return at.minor()
}

// after is the next minor version.
func (c Catalog) after(v number) number {
	for key, value := range c.Follows {
		if first, err := parseMinor(key); err == nil && value == v.minor() {
			return first
		}
	}
	return number{v.OffsetMinor(1)}
}

// before is the minor version before.
func (c Catalog) before(v number) number {
	if first, last, ok := c.begin(v.Major()); ok && first.EqualTo(v.Version) {
		return last
	}
	return number{v.OffsetMinor(-1)}
}

// validateFollows says what is wrong with the steps from one major version to
// another: each leads from the last minor version of one to the first of a
// newer one.
func (c Catalog) validateFollows() error {
	begun, left := map[uint]bool{}, map[uint]bool{}
	for _, key := range slices.Sorted(maps.Keys(c.Follows)) {
		value := c.Follows[key]
		first, err := parseMinor(key)
		if err != nil || first.minor() != key {
			return fmt.Errorf("follows: %q must be a minor version like 2.0", key)
		}
		last, err := parseMinor(value)
		if err != nil || last.minor() != value {
			return fmt.Errorf("follows: %s follows %q, which must be a minor version like 1.9", key, value)
		}
		if first.Major() <= last.Major() {
			return fmt.Errorf("follows: %s cannot follow %s: it must be of a newer major version", key, value)
		}
		if begun[first.Major()] || left[last.Major()] {
			return fmt.Errorf("follows: major version %d or %d is in it twice", first.Major(), last.Major())
		}
		begun[first.Major()], left[last.Major()] = true, true
		if err := c.between(last, first); err != nil {
			return err
		}
	}
	return nil
}

// between checks that what is listed lies on either side of a step from one
// major version to the next, and that its newer side is.
func (c Catalog) between(last, first number) error {
	if _, ok := c.newestOf(first.minor()); !ok {
		return fmt.Errorf("follows: %s is the minor version of none that is listed", first.minor())
	}
	for _, v := range c.Versions {
		if at, err := parseMinor(v.Version); err == nil && at.GreaterThan(last.Version) && at.LessThan(first.Version) {
			return fmt.Errorf("follows: %s cannot follow %s: %s is between them", first.minor(), last.minor(), v.Version)
		}
	}
	return nil
}
