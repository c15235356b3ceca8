package ir

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// UnitKind names the kinds of unit: the unit of work, of caching, of pruning
// and of failure isolation.
type UnitKind string

// The unit kinds, with the fields of Key that each uses.
const (
	// KindService is one Service of a mesh: Mesh, Namespace, Name.
	KindService UnitKind = "service"
	// KindAccess is a group of Services whose pods overlap: Mesh, Namespace,
	// Name of the group's first Service.
	KindAccess UnitKind = "access"
	// KindNamespace is a namespace's membership of a mesh: Mesh, Namespace.
	KindNamespace UnitKind = "namespace"
	// KindMesh is what a mesh has once: Mesh.
	KindMesh UnitKind = "mesh"
	// KindGateway is one IngressGateway: Namespace, Name.
	KindGateway UnitKind = "gateway"
	// KindRoute is one hostname on one listener: Namespace, Name of the
	// IngressGateway, Listener, Hostname.
	KindRoute UnitKind = "route"
	// KindExternal is one ExternalService: Mesh, Namespace, Name.
	KindExternal UnitKind = "external"
)

// Key identifies a unit. It is comparable and its zero fields mean "not used
// by this kind".
type Key struct {
	Kind      UnitKind `json:"kind"`
	Mesh      string   `json:"mesh,omitempty"`
	Namespace string   `json:"namespace,omitempty"`
	Name      string   `json:"name,omitempty"`
	Listener  string   `json:"listener,omitempty"`
	// Hostname of a route unit; "*" stands for every host of the listener.
	Hostname string `json:"hostname,omitempty"`
}

// String returns the key for people and logs. Distinct keys have distinct
// strings, because no part may contain a slash.
func (k Key) String() string {
	return strings.Join([]string{string(k.Kind), k.Mesh, k.Namespace, k.Name, k.Listener, k.Hostname}, "/")
}

// ParseKey reads what String returned, and says whether it could.
func ParseKey(s string) (Key, bool) {
	parts := strings.Split(s, "/")
	if len(parts) != 6 || parts[0] == "" {
		return Key{}, false
	}
	return Key{
		Kind: UnitKind(parts[0]), Mesh: parts[1], Namespace: parts[2], Name: parts[3], Listener: parts[4], Hostname: parts[5],
	}, true
}

// Hash returns 16 hexadecimal digits that identify the key in label values and
// object names.
func (k Key) Hash() string {
	sum := sha256.Sum256([]byte(k.String()))
	return hex.EncodeToString(sum[:8])
}

// Compare orders keys by their strings.
func (k Key) Compare(other Key) int { return strings.Compare(k.String(), other.String()) }
