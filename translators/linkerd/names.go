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

// name names the routes of the table that share a policy: after the port, and by
// a hash of the policy and of the mesh, because while a namespace moves the other
// mesh has routes of its own. A Service's name is at most 63 bytes long, so that
// this is never too long.
func (t *table) name(policy string) string {
	sum := sha256.Sum256([]byte(t.unit.Mesh.Name + "\x00" + policy))
	return prefix + t.unit.Service.Name + "-" + strconv.Itoa(int(t.port.Port.Number)) + "-" + hex.EncodeToString(sum[:hashBytes])
}
