package consul

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/meshloom/meshloom/translators/ir"
)

const (
	maxLabel  = 63
	hashBytes = 4
)

// serviceName is what Consul calls a Service: its own name, whatever its
// namespace, because the Community Edition has no namespaces.
func serviceName(ref ir.ServiceRef) string { return ref.Name }

// virtualName is the name of a service without instances that stands for one
// line of a route table: a router can send requests to one service, so where
// they are to be shared among several this one has a splitter. It depends on
// the apex and on what identifies the line, not on weights, so that shifting
// them changes one splitter in place.
func virtualName(apex string, identity any) string {
	data, err := json.Marshal(identity)
	if err != nil {
		data = nil
	}
	sum := sha256.Sum256(append([]byte(apex+"\x00"), data...))
	hash := hex.EncodeToString(sum[:hashBytes])
	if limit := maxLabel - len(hash) - 1; len(apex) > limit {
		apex = strings.TrimRight(apex[:limit], "-.")
	}
	return apex + "-" + hash
}
