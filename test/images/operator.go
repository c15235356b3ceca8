package images

import (
	"github.com/meshloom/meshloom/test/cluster/image"
)

// OperatorName is the name of the operator's image in tests. It is never
// pulled: no registry has it.
const OperatorName = "docker.io/local/meshloom-operator:1"

// certificates are those of public authorities, where Debian keeps them.
const certificates = "/etc/ssl/certs/ca-certificates.crt"

// Operator writes the image of the operator into dir, from a static binary
// that is built already, and returns the archive's path.
func Operator(binary, dir string) (string, error) {
	return Archive(dir, OperatorSpec(OperatorName, "devel", binary))
}

// OperatorSpec is the image of the operator as the Dockerfile makes it.
func OperatorSpec(name, version, binary string) image.Spec {
	return image.Spec{
		Name: name, User: nobody, Entrypoint: []string{"/operator"},
		Files: map[string]string{"/operator": binary, certificates: certificates},
		Labels: map[string]string{
			"org.opencontainers.image.title":    "meshloom-operator",
			"org.opencontainers.image.source":   "https://github.com/meshloom/meshloom",
			"org.opencontainers.image.licenses": "Apache-2.0",
			"org.opencontainers.image.version":  version,
		},
	}
}
