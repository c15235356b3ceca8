package istio

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/meshloom/meshloom/translators"
)

// prefix begins the name of every object that is written here, so that people
// recognise them and nobody's own objects have the same name by accident.
const prefix = "meshloom-"

const (
	maxName   = 253
	maxLabel  = 63
	hashBytes = 4
)

// plainName is the prefixed name, as long as it is not too long for an object.
func plainName(name string) string {
	if len(prefix+name) > maxName {
		return uniqueName(name)
	}
	return prefix + name
}

// serviceObject is the name of a Service's VirtualService and DestinationRule:
// one of each in the Service's namespace.
func serviceObject(service string) string { return prefix + service }

// uniqueName is a DNS label made of the parts for people and of a hash over
// them for uniqueness. Equal parts give equal names.
func uniqueName(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	hash := hex.EncodeToString(sum[:hashBytes])
	readable := strings.Map(labelRune, strings.ToLower(strings.Join(parts, "-")))
	readable = prefix + readable
	if limit := maxLabel - len(hash) - 1; len(readable) > limit {
		readable = readable[:limit]
	}
	return strings.TrimRight(readable, "-") + "-" + hash
}

// labelRune keeps what a DNS label may hold.
func labelRune(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
		return r
	case r == '*':
		return 'x'
	default:
		return '-'
	}
}

func destinationRuleRef(namespace, service string) translators.ObjectRef {
	return translators.ObjectRef{GroupVersionKind: destinationRuleKind, Namespace: namespace, Name: serviceObject(service)}
}
