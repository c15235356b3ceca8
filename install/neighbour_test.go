package install_test

import (
	"slices"
	"testing"

	"github.com/meshloom/meshloom/install"
)

// TestTwoMeshes tells how a second mesh comes and goes beside a first one: it
// uses what they share, and leaves it.
func TestTwoMeshes(t *testing.T) {
	first := wanted("1.30")
	s := settled(t, first, empty(namespace("shop", deployment("web"))))
	second := wanted("1.31", func(w *install.Wanted) {
		w.Name, w.Namespace = "bank", "bank-system"
		w.Neighbours = []install.Neighbour{{Name: "shop", Namespace: "mesh-system", Default: true}}
	})
	shop := slices.Clone(s.Members)
	s.Home, s.State = install.NamespaceSeen{}, empty().State
	s.Members = []install.Member{namespace("bank", deployment("ledger"))}
	s.Strays = shop[0].Workloads[0].Pods
	st := begin(t, second, s)
	st.p.Mesh = func(r install.MeshRequest) install.Plan {
		plan := fakePlan(r)
		plan.Charts[0].Namespace = "mesh-system" // It stays where the first mesh has put it.
		return plan
	}
	st.live()
	st.edit("deleted, and its members have left", func(w *install.Wanted) { w.Deleting, st.s.Members = true, nil })
	st.compare("two-meshes")
}

// TestLastMeshTakesWhatIsShared shows that the last mesh removes what meshes
// share, whoever wrote it last.
func TestLastMeshTakesWhatIsShared(t *testing.T) {
	w := wanted("1.30")
	s := settled(t, w, empty())
	for i := range s.Cluster.Releases {
		if rel := &s.Cluster.Releases[i]; rel.Name == "base" {
			rel.Owner = "Mesh/bank"
		}
	}
	w.Deleting = true
	for range 10 {
		step, state := install.Next(fake(), w, s)
		if s = install.Simulate(w, s, step, state); step.Kind == install.StepRelease {
			break
		}
	}
	if left := releases(s); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}
