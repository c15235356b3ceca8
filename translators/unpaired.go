package translators

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// closedWay is a way into a mesh that an ingress cannot go.
type closedWay struct {
	name      string
	obstacles []string
	otherwise Outcome
}

// unpaired is the result where no way can be gone. Its message has every
// obstacle once, first those of all ways, then what follows, then the remedy.
func unpaired(mesh, ingress *Provider, closed []closedWay) Pairing {
	reasons := "it has no way into this mesh"
	if len(closed) > 0 {
		reasons = strings.Join(append(obstaclesOf(closed), "without that, "+outcomesOf(closed)), "; ")
	}
	return Pairing{Issues: []ir.Issue{{
		Effect: ir.EffectRejected, Reason: string(v1alpha1.ReasonPairingUnsupported), Code: CodePairing,
		Message: fmt.Sprintf("%s cannot take part in %s: %s; choose another ingress, or remove meshRef to have a plain one (see meshctl pairings)",
			ingress.Name, mesh.Name, reasons),
	}}}
}

// obstaclesOf are the obstacles of all ways without a name, then the others
// behind the names of the ways that have them.
func obstaclesOf(closed []closedWay) []string {
	var found groups
	for _, way := range closed {
		for _, obstacle := range way.obstacles {
			found.add(obstacle, way.name)
		}
	}
	var all []string
	var some groups // Of obstacles, by the ways that have them.
	for _, f := range found {
		if len(f.members) == len(closed) {
			all = append(all, f.key)
			continue
		}
		some.add(strings.Join(f.members, ", "), f.key)
	}
	var out []string
	if len(all) > 0 {
		out = append(out, strings.Join(all, ", "))
	}
	for _, s := range some {
		out = append(out, "by "+s.key+", "+strings.Join(s.members, ", "))
	}
	return out
}

// words says what an outcome means to who sends requests.
func (o Outcome) words() string {
	switch o {
	case Refused:
		return "the mesh refuses the requests"
	case Plaintext:
		return "the requests go in plaintext and past the mesh's policies"
	case SplitLost:
		return "the mesh's traffic splits are lost without a word"
	}
	return "the mesh does not see the requests"
}

// outcomesOf says what the ways come to, each outcome once.
func outcomesOf(closed []closedWay) string {
	var found groups
	for _, way := range closed {
		found.add(way.otherwise.words(), way.name)
	}
	if len(found) == 1 {
		return found[0].key
	}
	var out []string
	for _, f := range found {
		out = append(out, "by "+strings.Join(f.members, ", ")+" "+f.key)
	}
	return strings.Join(out, ", ")
}

// groups are members by their key, in the order in which they came.
type groups []group

type group struct {
	key     string
	members []string
}

// add puts the member into the group of the key, once.
func (g *groups) add(key, member string) {
	i := slices.IndexFunc(*g, func(has group) bool { return has.key == key })
	if i < 0 {
		*g, i = append(*g, group{key: key}), len(*g)
	}
	if !slices.Contains((*g)[i].members, member) {
		(*g)[i].members = append((*g)[i].members, member)
	}
}
