package linkerd

import (
	_ "embed"

	"github.com/meshloom/meshloom/install"
)

//go:embed versions.yaml
var versions []byte

// catalog returns the versions that can be installed.
var catalog = install.CatalogOf(versions)
