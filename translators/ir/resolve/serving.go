package resolve

import (
	"maps"
	"slices"

	"github.com/meshloom/meshloom/translators/ir"
)

// serving are the workloads behind the Service of a unit and behind its
// backends, where the provider needs to know them.
func (r *serviceResolution) serving(mesh ir.Mesh, unit *ir.ServiceUnit) []ir.ServingWorkloads {
	if !r.store.options.needs(mesh.Provider).Serving {
		return nil
	}
	refs := map[ir.Ref]bool{r.ref: true}
	for _, table := range unit.Ports {
		for i := range table.Routes {
			for _, b := range table.Routes[i].Backends {
				refs[b.Service.Ref()] = true
			}
		}
	}
	var out []ir.ServingWorkloads
	for _, ref := range slices.SortedFunc(maps.Keys(refs), ir.Ref.Compare) {
		out = append(out, ir.ServingWorkloads{
			ServiceName: ir.ServiceName{Namespace: ref.Namespace, Name: ref.Name},
			Workloads:   workloadsOfRecords(r.records(workloadsOf, ref)),
		})
	}
	return out
}
