package cli

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

func condition(name v1alpha1.ConditionType, status metav1.ConditionStatus, reason v1alpha1.ConditionReason) metav1.Condition {
	return metav1.Condition{Type: string(name), Status: status, Reason: string(reason), Message: "why", ObservedGeneration: 2}
}

func TestStages(t *testing.T) {
	installed := condition(v1alpha1.ConditionInstalled, metav1.ConditionTrue, v1alpha1.ReasonInstalled)
	ready := condition(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
	old := ready
	old.ObservedGeneration = 1
	for name, tt := range map[string]struct {
		mode       v1alpha1.Mode
		observed   int64
		install    []metav1.Condition
		conditions []metav1.Condition
		want       stage
	}{
		"nobody looked":     {want: stage{going, "waiting for the installer to look at it"}},
		"an older one":      {observed: 1, install: []metav1.Condition{installed}, conditions: []metav1.Condition{ready}, want: stage{going, "waiting for the installer to look at it"}},
		"being installed":   {observed: 2, install: []metav1.Condition{condition(v1alpha1.ConditionReconciling, metav1.ConditionTrue, v1alpha1.ReasonReconciling)}, want: stage{going, "Reconciling: why"}},
		"not yet installed": {observed: 2, install: []metav1.Condition{condition(v1alpha1.ConditionInstalled, metav1.ConditionFalse, v1alpha1.ReasonPending)}, want: stage{going, "Pending: why"}},
		"upgrading":         {observed: 2, install: []metav1.Condition{installed, condition(v1alpha1.ConditionUpgrading, metav1.ConditionTrue, v1alpha1.ReasonUpgrading)}, want: stage{going, "Upgrading: why"}},
		"restarts are the user's": {
			observed: 2, install: []metav1.Condition{installed, condition(v1alpha1.ConditionUpgrading, metav1.ConditionTrue, v1alpha1.ReasonRestartRequired)},
			want: stage{leftOver, "RestartRequired: why"},
		},
		"rolled back": {
			observed: 2, install: []metav1.Condition{installed, condition(v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonRolledBack)},
			conditions: []metav1.Condition{ready}, want: stage{refused, "RolledBack: why"},
		},
		"the operator is behind": {observed: 2, install: []metav1.Condition{installed}, conditions: []metav1.Condition{old}, want: stage{going, "waiting for the operator to look at it"}},
		"ready":                  {observed: 2, install: []metav1.Condition{installed}, conditions: []metav1.Condition{ready}, want: stage{finished, "ready"}},
		"adopted":                {mode: v1alpha1.ModeAdopted, conditions: []metav1.Condition{ready}, want: stage{finished, "ready"}},
		"adopted and refused": {
			mode: v1alpha1.ModeAdopted, conditions: []metav1.Condition{condition(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonNotInstalled), condition(v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonNotInstalled)},
			want: stage{refused, "NotInstalled: why"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			mesh := &v1alpha1.Mesh{}
			mesh.Generation, mesh.Spec.Mode = 2, v1alpha1.ModeManaged
			if tt.mode != "" {
				mesh.Spec.Mode = tt.mode
			}
			if tt.observed > 0 {
				mesh.Status.Install = &v1alpha1.InstallState{ObservedGeneration: tt.observed, Conditions: tt.install}
			}
			mesh.Status.Conditions = tt.conditions
			if got := stageOf(mesh); got != tt.want {
				t.Errorf("stage %+v, want %+v", got, tt.want)
			}
		})
	}
}
