package install_test

import (
	"strings"
	"testing"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// onForeign is a workload with proxies of a control plane of somebody else.
func onForeign(w *install.MemberWorkload) {
	for i := range w.Pods {
		w.Pods[i].Proxy = &install.Proxy{Revision: "default", Version: "1.30.0"}
	}
}

func foreignShop() install.Member {
	m := namespace("shop", deployment("web"))
	onForeign(&m.Workloads[0])
	return m
}

// TestForeignIsNotTaken shows that without consent nothing of somebody else is
// touched, whichever version is asked for.
func TestForeignIsNotTaken(t *testing.T) {
	for _, where := range []string{"mesh-system", "their-system"} {
		for _, v := range []string{"1.30", "1.31"} {
			s := empty(foreignShop())
			foreignMesh(where, true)(&s)
			step, state := install.Next(fake(), wanted(v), s)
			if step.Kind != install.StepRefuse || step.Reason != v1alpha1.ReasonAdoptionRequired || !strings.Contains(step.Message, "meshctl adopt") {
				t.Errorf("version %s beside a mesh in %s: %s %s %s", v, where, step.Kind, step.Reason, step.Message)
			}
			if condition(state, v1alpha1.ConditionStalled) != "True" || condition(state, v1alpha1.ConditionInstalled) != "False" {
				t.Errorf("conditions are %v", state.Conditions)
			}
		}
	}
}

// TestConsentIsForOneNamespace shows that consent to one installation is none to
// another.
func TestConsentIsForOneNamespace(t *testing.T) {
	s := empty()
	foreignMesh("their-system", true)(&s)
	step, _ := install.Next(fake(), wanted("1.30", annotated(v1alpha1.AnnotationAdopt, "mesh-system")), s)
	if step.Kind != install.StepRefuse {
		t.Errorf("consent for mesh-system lets %s happen beside their-system", step.Kind)
	}
}

// TestTakenOver tells how a mesh of somebody else becomes ours: under its own
// name and with the workloads as they are, if the version stays.
func TestTakenOver(t *testing.T) {
	adopt := annotated(v1alpha1.AnnotationAdopt, "mesh-system")
	for name, c := range map[string]struct {
		version string
		byHelm  bool
	}{
		"adopt": {"1.30", true}, "adopt-and-upgrade": {"1.31", true}, "adopt-without-helm": {"1.30", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := empty(foreignShop())
			foreignMesh("mesh-system", c.byHelm)(&s)
			st := begin(t, wanted(c.version, adopt), s)
			st.live()
			st.compare(name)
		})
	}
}

func TestAdoptedIsLeftAlone(t *testing.T) {
	w := wanted("", func(w *install.Wanted) { w.Spec.Mode, w.Spec.Upgrade = v1alpha1.ModeAdopted, nil })
	s := empty(foreignShop())
	foreignMesh("mesh-system", true)(&s)
	for _, w.Deleting = range []bool{false, true} {
		step, state := install.Next(fake(), w, s)
		if step.Kind != install.StepDone || len(state.Conditions) > 0 || state.ObservedGeneration != 0 {
			t.Errorf("of an Adopted mesh %s is done and %v recorded", step.Kind, state)
		}
	}
}
