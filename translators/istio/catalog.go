package istio

import (
	_ "embed"

	"github.com/meshloom/meshloom/install"
)

//go:embed versions.yaml
var versions []byte

// catalog returns the versions that can be installed.
var catalog = install.CatalogOf(versions)

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
