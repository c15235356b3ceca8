package consul

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
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

// origins reduces sources to the objects they name, sorted and each once.
// Defaults of ours have no object and are left out.
func origins(sources []ir.Source) []ir.Source {
	var out []ir.Source
	for _, s := range sources {
		if s.Name != "" {
			out = append(out, ir.Source{Ref: s.Ref, Generation: s.Generation})
		}
	}
	slices.SortFunc(out, func(a, b ir.Source) int {
		return cmp.Or(a.Compare(b.Ref), cmp.Compare(a.Generation, b.Generation))
	})
	return slices.Compact(out)
}
