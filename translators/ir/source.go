package ir

import (
	"cmp"
	"slices"
	"strings"
)

// Ref names one object of the cluster by kind, namespace and name. The
// namespace of a cluster-scoped object is empty. Kinds of the unified API and
// of Kubernetes core do not collide, so no group is kept.
type Ref struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// String returns Kind/namespace/name, or Kind/name for cluster-scoped objects.
func (r Ref) String() string {
	if r.Namespace == "" {
		return r.Kind + "/" + r.Name
	}
	return r.Kind + "/" + r.Namespace + "/" + r.Name
}

// Compare orders references by kind, namespace and name.
func (r Ref) Compare(other Ref) int {
	if c := strings.Compare(r.Kind, other.Kind); c != 0 {
		return c
	}
	if c := strings.Compare(r.Namespace, other.Namespace); c != 0 {
		return c
	}
	return strings.Compare(r.Name, other.Name)
}

// Source says which field of which object, at which generation, a piece of
// intent came from. Field is a path as in "spec.rules[0].matches[1].path";
// empty means the whole object. The zero Source marks a default of ours.
type Source struct {
	Ref
	Generation int64  `json:"generation,omitempty"`
	Field      string `json:"field,omitempty"`
}

// At returns the source of a field below this one.
func (s Source) At(field string) Source {
	switch {
	case s.Field == "":
		s.Field = field
	case strings.HasPrefix(field, "["):
		s.Field += field
	default:
		s.Field += "." + field
	}
	return s
}

// Target is what a policy or a route speaks of, in the words of its targetRefs
// or parentRefs.
type Target struct {
	Kind string `json:"kind"`
	// Namespace is empty for local references.
	Namespace   string `json:"namespace,omitempty"`
	Name        string `json:"name"`
	SectionName string `json:"sectionName,omitempty"`
}

// Participant is an object of the unified API that has a part in a unit, with
// the target it has it through and the Mesh or IngressGateway it acts on.
// Status is computed per participant.
type Participant struct {
	Object     Ref    `json:"object"`
	Generation int64  `json:"generation,omitempty"`
	Target     Target `json:"target"`
	On         Target `json:"on"`
}

// Origins reduces sources to the objects they name, sorted and each once.
// Defaults of ours have no object and are left out.
func Origins(sources ...Source) []Source {
	var out []Source
	for _, s := range sources {
		if s.Name != "" {
			out = append(out, Source{Ref: s.Ref, Generation: s.Generation})
		}
	}
	slices.SortFunc(out, func(a, b Source) int {
		return cmp.Or(a.Compare(b.Ref), cmp.Compare(a.Generation, b.Generation))
	})
	return slices.Compact(out)
}
