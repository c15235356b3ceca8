package all_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/all"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/translatortest"
)

const (
	// movedUnits is how many units of each kind move between meshes.
	movedUnits = 300
	// fewestKinds is how many kinds each mesh has to write, for the test to tell
	// anything.
	fewestKinds = 3
)

// written is what names an object.
type written struct {
	kind            schema.GroupKind
	namespace, name string
}

// column is a mesh in one variant of a provider, with what it writes.
type column struct {
	provider translators.Provider
	env      translators.Env
	mesh     string
	objects  map[written]bool
}

// TestMovesShareNoObject holds that while a namespace moves from one mesh to
// another provider's, the objects of both can be there: for the same units no
// two providers give objects of one kind one name. What they contribute to
// objects of users is no object of theirs.
func TestMovesShareNoObject(t *testing.T) {
	columns := columnsOf(t)
	for i, a := range columns {
		for _, b := range columns[i+1:] {
			if a.provider.Name == b.provider.Name {
				continue
			}
			for object := range a.objects {
				if b.objects[object] {
					t.Errorf("%s of %s and %s of %s both write %s %s/%s", a.env.Variant, a.mesh, b.env.Variant, b.mesh,
						object.kind, object.namespace, object.name)
				}
			}
		}
	}
}

// columnsOf are all meshes, each with what it writes for the same random units.
func columnsOf(t *testing.T) []column {
	t.Helper()
	var columns []column
	for _, p := range all.Providers() {
		for _, v := range p.Variants {
			if !v.Mesh {
				continue
			}
			c := column{provider: p, env: translators.Env{Variant: v.Name}, mesh: "the-" + v.Name, objects: map[written]bool{}}
			kinds := map[schema.GroupKind]bool{}
			for seed := range uint64(movedUnits) {
				g := translatortest.NewGen(seed)
				c.write(g.ServiceUnit().Service, g.AccessUnit().Access, g.NamespaceUnit().Namespace)
			}
			for object := range c.objects {
				kinds[object.kind] = true
			}
			if len(kinds) < fewestKinds {
				t.Errorf("%s writes objects of %d kinds: too few to tell anything", v.Name, len(kinds))
			}
			columns = append(columns, c)
		}
	}
	return columns
}

// write translates the units as those of the column's mesh.
func (c *column) write(service *ir.ServiceUnit, access *ir.AccessUnit, namespace *ir.NamespaceUnit) {
	for _, m := range []*ir.Mesh{&service.Mesh, &access.Mesh, &namespace.Mesh} {
		m.Name, m.Provider = c.mesh, c.provider.Name
	}
	mesh := c.provider.Mesh
	results := []translators.Result{mesh.Service(c.env, service), mesh.Access(c.env, access), mesh.Namespace(c.env, namespace)}
	for _, result := range results {
		for _, object := range result.Objects {
			kind := object.GetObjectKind().GroupVersionKind().GroupKind()
			c.objects[written{kind, object.GetNamespace(), object.GetName()}] = true
		}
	}
}
