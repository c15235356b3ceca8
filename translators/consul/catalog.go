package consul

import (
	_ "embed"
	"sync"

	"github.com/meshloom/meshloom/install"
)

//go:embed versions.yaml
var versions []byte

// catalog returns the versions that can be installed. A file that cannot be read
// gives a catalog without versions, of which nothing can be installed; a test
// reads it.
var catalog = sync.OnceValue(func() install.Catalog {
	c, err := install.ParseCatalog(versions)
	if err != nil {
		return install.Catalog{}
	}
	return c
})

// gatewayAPIOf is the window of bundles that a version runs with.
func gatewayAPIOf(version string) install.Window {
	for _, v := range catalog().Versions {
		if v.Version == version {
			return v.GatewayAPI
		}
	}
	return install.Window{}
}
