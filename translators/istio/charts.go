package istio

import (
	"io/fs"

	"istio.io/istio/manifests"

	"github.com/meshloom/meshloom/install"
)

// planner says what is installed for a mesh and for a gateway of Istio.
func planner() *install.Planner {
	return &install.Planner{
		Catalog:   catalog(),
		Revisions: true,
		Charts:    charts(),
	}
}

// charts are those that come with Istio's module, of the one version that the
// catalog calls embedded.
func charts() fs.FS { return manifests.FS }
