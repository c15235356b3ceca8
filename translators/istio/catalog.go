package istio

import (
	_ "embed"

	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/install"
)

//go:embed versions.yaml
var versions []byte

// catalog reads the versions that can be installed. A file that cannot be read
// gives a catalog without versions, which its test refuses.
func catalog() install.Catalog {
	var c install.Catalog
	if err := yaml.UnmarshalStrict(versions, &c); err != nil {
		return install.Catalog{}
	}
	return c
}
