package istio

import (
	_ "embed"

	"github.com/meshloom/meshloom/install"
)

//go:embed versions.yaml
var versions []byte

// catalog reads the versions that can be installed. A file that cannot be read
// gives a catalog without versions, of which nothing can be installed; a test
// reads it.
func catalog() install.Catalog {
	c, err := install.ParseCatalog(versions)
	if err != nil {
		return install.Catalog{}
	}
	return c
}

// embeddedVersion is the version whose charts come with this binary; empty
// where none do.
func embeddedVersion() string {
	for _, v := range catalog().Versions {
		if v.Embedded {
			return v.Version
		}
	}
	return ""
}
