package linkerd

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// prefix begins the name of every route that is written here, so that people
// recognise them and nobody's own have the same name by accident.
const prefix = "meshloom-"

// hashBytes is how much of a hash tells objects of one port apart.
const hashBytes = 4

// routeName names the routes of a port of a Service that share a policy. A
// Service's name is at most 63 bytes long, so that this is never too long.
func routeName(service string, port int32, policy string) string {
	name := prefix + service + "-" + strconv.Itoa(int(port))
	if policy == "" {
		return name
	}
	sum := sha256.Sum256([]byte(policy))
	return name + "-" + hex.EncodeToString(sum[:hashBytes])
}
