package status

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// installField is the part of a status that the installer writes, and nobody
// else.
const installField = "install"

// Installing is what is known of something that Meshloom installs, or that is
// there already.
type Installing struct {
	Mode       v1alpha1.Mode
	Generation int64
	// State is what the installer says; nil where it has said nothing.
	State *v1alpha1.InstallState
	// Observed is Installed, by what is seen to run.
	Observed metav1.Condition
}

// Installed says whether it runs: as the installer sees it, and then as it is
// seen from here, for the installer may be gone.
func (i Installing) Installed() metav1.Condition {
	c := i.Observed
	if i.Mode == v1alpha1.ModeManaged {
		switch said := i.said(v1alpha1.ConditionInstalled); {
		case i.State == nil:
			c = New(v1alpha1.ConditionInstalled, false, v1alpha1.ReasonNotInstalled,
				"mode Managed needs Meshloom's installer, which has not looked at this object yet; see that the Deployment meshloom-installer runs, or set mode to Adopted")
		case said == nil:
			c = New(v1alpha1.ConditionInstalled, false, v1alpha1.ReasonPending, "the installer has not decided yet")
		case said.Status != metav1.ConditionTrue:
			c = *said
		}
	}
	c.ObservedGeneration = i.Generation
	return c
}

// Blocking returns what the installer says must end before the object is ready,
// for Sum: nothing where all is well.
func (i Installing) Blocking() []metav1.Condition {
	if i.Mode != v1alpha1.ModeManaged || i.State == nil {
		return nil
	}
	if i.State.ObservedGeneration < i.Generation {
		return []metav1.Condition{New(v1alpha1.ConditionReconciling, true, v1alpha1.ReasonPending,
			fmt.Sprintf("the installer has yet to look at generation %d", i.Generation))}
	}
	for _, kind := range []v1alpha1.ConditionType{v1alpha1.ConditionStalled, v1alpha1.ConditionReconciling} {
		if c := i.said(kind); c != nil && c.Status == metav1.ConditionTrue {
			return []metav1.Condition{*c}
		}
	}
	return nil
}

// Shown returns the conditions of the installer that are shown as they are,
// while they are true.
func (i Installing) Shown() []metav1.Condition {
	c := i.said(v1alpha1.ConditionUpgrading)
	if i.Mode != v1alpha1.ModeManaged || c == nil || c.Status != metav1.ConditionTrue {
		return nil
	}
	c.ObservedGeneration = i.Generation
	return []metav1.Condition{*c}
}

// said returns a copy of what the installer says, without its time.
func (i Installing) said(kind v1alpha1.ConditionType) *metav1.Condition {
	if i.State == nil {
		return nil
	}
	c := meta.FindStatusCondition(i.State.Conditions, string(kind))
	if c == nil {
		return nil
	}
	out := *c
	out.LastTransitionTime = metav1.Time{}
	return &out
}
