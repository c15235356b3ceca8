package install

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// ParseCatalog reads a provider's versions.yaml. An unknown field, a version
// out of order, a window or date that cannot be read, a default that is not
// listed and a version that follows what it cannot are errors.
func ParseCatalog(data []byte) (Catalog, error) {
	var c Catalog
	if err := yaml.UnmarshalStrict(data, &c); err != nil {
		return Catalog{}, fmt.Errorf("read catalog: %w", err)
	}
	if err := c.validate(); err != nil {
		return Catalog{}, fmt.Errorf("read catalog: %w", err)
	}
	return c, nil
}

// CatalogOf returns a function that reads a provider's versions.yaml once. A
// file that cannot be read gives a catalog without versions, of which nothing
// can be installed: the provider's tests read it by ParseCatalog.
func CatalogOf(data []byte) func() Catalog {
	return sync.OnceValue(func() Catalog {
		c, err := ParseCatalog(data)
		if err != nil {
			return Catalog{}
		}
		return c
	})
}

// Entry returns the entry of an exact version; one without anything but the
// version where there is none.
func (c Catalog) Entry(version string) Version {
	for _, v := range c.Versions {
		if v.Version == version {
			return v
		}
	}
	return Version{Version: version}
}

func (c Catalog) validate() error {
	if len(c.Versions) == 0 {
		return errors.New("it lists no versions")
	}
	if c.Skew < 1 {
		return fmt.Errorf("skew is %d: an upgrade must be able to step over 1 minor version at least", c.Skew)
	}
	for i, v := range c.Versions {
		if err := v.validate(); err != nil {
			return fmt.Errorf("version %s: %w", v.Version, err)
		}
		if i > 0 && !Newer(c.Versions[i-1].Version, v.Version) {
			return fmt.Errorf("version %s comes after %s: the newest stands first, and each once", v.Version, c.Versions[i-1].Version)
		}
	}
	if _, ok := c.newestOf(c.Default); !ok {
		return fmt.Errorf("default %q is the minor version of none that is listed", c.Default)
	}
	return c.validateFollows()
}

func (v Version) validate() error {
	if _, err := parseVersion(v.Version); err != nil {
		return err
	}
	if err := v.Kubernetes.validate(); err != nil {
		return fmt.Errorf("kubernetes: %w", err)
	}
	if err := v.GatewayAPI.validate(); err != nil {
		return fmt.Errorf("gatewayAPI: %w", err)
	}
	if _, ok := v.EndOfLife.Time(); !ok {
		return fmt.Errorf("endOfLife %q is no date like 2027-05-31", v.EndOfLife)
	}
	return nil
}

// Resolve returns the entry for what was asked: the newest of the default minor
// version for "", the newest of a minor version, or an exact version. The error
// is a *Refusal that lists what there is.
func (c Catalog) Resolve(asked string) (Version, error) {
	want := asked
	if want == "" {
		want = c.Default
	}
	for _, v := range c.Versions {
		if v.Version == strings.TrimPrefix(want, "v") {
			return v, nil
		}
	}
	if v, ok := c.newestOf(want); ok {
		return v, nil
	}
	return Version{}, refuse(v1alpha1.ReasonVersionUnknown,
		"version %s cannot be installed; these can: %s", want, strings.Join(c.list(), ", "))
}

// Called returns the version that a product calls so in its charts: what the
// catalog says, else what it is called without a leading v.
func (c Catalog) Called(app string) string {
	for _, v := range c.Versions {
		if v.App != "" && v.App == app {
			return v.Version
		}
	}
	return strings.TrimPrefix(app, "v")
}

// newestOf returns the newest version of a minor one.
func (c Catalog) newestOf(minor string) (Version, bool) {
	if strings.Count(minor, ".") != 1 {
		return Version{}, false
	}
	want, err := parseMinor(minor)
	if err != nil {
		return Version{}, false
	}
	for _, v := range c.Versions {
		if has, err := parseMinor(v.Version); err == nil && has.EqualTo(want.Version) {
			return v, true
		}
	}
	return Version{}, false
}

// list returns the exact versions, newest first.
func (c Catalog) list() []string {
	names := make([]string, len(c.Versions))
	for i, v := range c.Versions {
		names[i] = v.Version
	}
	return names
}

// endingSoon is how long before its end of life a version is spoken of.
const endingSoon = 60 * 24 * time.Hour

// EndOfLife tells users that a version is out of support, or soon will be, and
// where to go; "" where there is nothing to say.
func (c Catalog) EndOfLife(version string, now time.Time) string {
	for _, v := range c.Versions {
		if v.Version != version {
			continue
		}
		end, ok := v.EndOfLife.Time()
		if !ok || now.Before(end.Add(-endingSoon)) {
			return ""
		}
		verb := "is out of support from"
		if !now.Before(end) {
			verb = "has been out of support since"
		}
		note := fmt.Sprintf("version %s %s %s", v.Version, verb, v.EndOfLife)
		if newest := c.Versions[0].Version; newest != v.Version {
			note += ": upgrade towards " + newest
		}
		return note
	}
	return ""
}
