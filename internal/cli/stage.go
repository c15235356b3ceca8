package cli

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// verdict says whether there is something to wait for.
type verdict int

const (
	// going: it will go on by itself.
	going verdict = iota
	// finished: everything is as wanted.
	finished
	// leftOver: nothing more happens by itself, and something is left to do.
	leftOver
	// refused: it ended without having become what was wanted.
	refused
)

// stage is how far an installation has come, in words and as a verdict.
type stage struct {
	verdict verdict
	text    string
}

// needsSomebody are the reasons for which an upgrade that goes well stands
// still until a person does something.
var needsSomebody = []string{string(v1alpha1.ReasonRestartRequired), string(v1alpha1.ReasonWorkloadsImmovable)}

// stageOf reads off a Mesh or an IngressController how far it has come.
func stageOf(obj client.Object) stage {
	status, mode, ok := installedStatus(obj)
	if !ok {
		return stage{refused, "it is nothing that is installed"}
	}
	generation := obj.GetGeneration()
	if mode == v1alpha1.ModeAdopted {
		return readiness(status.Conditions, generation)
	}
	state := status.Install
	if state == nil || state.ObservedGeneration < generation {
		return stage{going, "waiting for the installer to look at it"}
	}
	if c := present(state.Conditions, v1alpha1.ConditionStalled); c != nil {
		return stage{refused, because(c)}
	}
	if c := present(state.Conditions, v1alpha1.ConditionUpgrading); c != nil {
		if slices.Contains(needsSomebody, c.Reason) {
			return stage{leftOver, because(c)}
		}
		return stage{going, because(c)}
	}
	if c := present(state.Conditions, v1alpha1.ConditionReconciling); c != nil {
		return stage{going, because(c)}
	}
	if c := meta.FindStatusCondition(state.Conditions, string(v1alpha1.ConditionInstalled)); c == nil || c.Status != metav1.ConditionTrue {
		return stage{going, because(c)}
	}
	return readiness(status.Conditions, generation)
}

// readiness is the stage of what is installed: whether the operator says so.
func readiness(conditions []metav1.Condition, generation int64) stage {
	c := meta.FindStatusCondition(conditions, string(v1alpha1.ConditionReady))
	switch {
	case c == nil || c.ObservedGeneration < generation:
		return stage{going, "waiting for the operator to look at it"}
	case c.Status == metav1.ConditionTrue:
		return stage{finished, "ready"}
	}
	if s := present(conditions, v1alpha1.ConditionStalled); s != nil {
		return stage{refused, because(c)}
	}
	return stage{going, because(c)}
}

// installedStatus returns the part of the status that Mesh and
// IngressController share, and who installs them.
func installedStatus(obj client.Object) (*v1alpha1.InstalledStatus, v1alpha1.Mode, bool) {
	switch o := obj.(type) {
	case *v1alpha1.Mesh:
		return &o.Status.InstalledStatus, o.Spec.Mode, true
	case *v1alpha1.IngressController:
		return &o.Status.InstalledStatus, o.Spec.Mode, true
	}
	return nil, "", false
}

// present returns a condition that is there while it is true; nil where it is not.
func present(conditions []metav1.Condition, name v1alpha1.ConditionType) *metav1.Condition {
	if c := meta.FindStatusCondition(conditions, string(name)); c != nil && c.Status == metav1.ConditionTrue {
		return c
	}
	return nil
}

// because says what a condition says, for a person.
func because(c *metav1.Condition) string {
	if c == nil {
		return "waiting for the installer to begin"
	}
	if c.Message == "" {
		return c.Reason
	}
	return fmt.Sprintf("%s: %s", c.Reason, c.Message)
}
