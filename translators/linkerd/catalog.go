package linkerd

import (
	_ "embed"
	"sync"

	"github.com/meshloom/meshloom/install"
)

//go:embed versions.yaml
var versions []byte

// catalog returns the versions that can be installed. A file that cannot be read
// gives a catalog without versions, of which nothing can be installed; a test
// reads it. Every pod's version is looked up in it, so that it is read once.
var catalog = sync.OnceValue(func() install.Catalog {
	c, err := install.ParseCatalog(versions)
	if err != nil {
		return install.Catalog{}
	}
	return c
})

// released returns the entry of a version; one without anything but the version
// where there is none.
func released(version string) install.Version {
	for _, v := range catalog().Versions {
		if v.Version == version {
			return v
		}
	}
	return install.Version{Version: version}
}
