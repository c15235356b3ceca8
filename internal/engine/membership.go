package engine

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// membership marks a member of a mesh that we install with the name of the mesh:
// it records whose the namespace is until it leaves, and is what tells the
// control planes of several meshes whom to look at. It stays while the member is
// leaving, whose pods still need their control plane; that of the mesh it moves to
// is told by the mark of gateways until then. Members of adopted meshes are left
// alone, but for a record where they could move to a mesh of another provider.
func membership(u *ir.NamespaceUnit) []translators.Contribution {
	source := u.Mesh.Source.At("spec.members")
	switch {
	case u.Arriving && u.Mesh.Adopted:
		return nil
	case u.Arriving:
		return []translators.Contribution{label(u.Name, v1alpha1.LabelGatewayMesh, u.Mesh, source)}
	case !u.Mesh.Adopted:
		return []translators.Contribution{label(u.Name, v1alpha1.LabelMesh, u.Mesh, source)}
	case u.Recorded:
		record := label(u.Name, v1alpha1.LabelMesh, u.Mesh, source)
		record.Path[1] = "annotations"
		return []translators.Contribution{record}
	}
	return nil
}

// pairedNamespace labels the namespaces of a gateway that is paired with a mesh
// that we install: its control plane has to look there.
func pairedNamespace(u *ir.GatewayUnit) []translators.Contribution {
	if u.Mesh == nil || u.Mesh.Adopted {
		return nil
	}
	source := u.Source.At("spec.meshRef")
	out := []translators.Contribution{label(u.Namespace, v1alpha1.LabelGatewayMesh, *u.Mesh, source)}
	if w := u.Workload; w != nil && w.Namespace != u.Namespace {
		out = append(out, label(w.Namespace, v1alpha1.LabelGatewayMesh, *u.Mesh, source))
	}
	return out
}

// label contributes a label with the name of a mesh to a Namespace.
func label(namespace, key string, mesh ir.Mesh, source ir.Source) translators.Contribution {
	return translators.Contribution{
		Object: translators.ObjectRef{GroupVersionKind: schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, Name: namespace},
		Path:   []string{"metadata", "labels", key},
		Value:  mesh.Name,
		Source: source,
	}
}
