package mesh

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/status"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// says is the state of an installer that looked at the generation and says
// conditions, as "Installed=True/Installed".
func says(generation int64, conditions ...metav1.Condition) *v1alpha1.InstallState {
	return &v1alpha1.InstallState{ObservedGeneration: generation, Conditions: conditions}
}

func is(kind v1alpha1.ConditionType, ok bool, reason v1alpha1.ConditionReason) metav1.Condition {
	c := status.New(kind, ok, reason, "as the installer says")
	c.LastTransitionTime = metav1.Unix(1, 0)
	return c
}

// TestInstallerSpeaks shows how what the installer says and what is seen to run
// become conditions.
func TestInstallerSpeaks(t *testing.T) {
	installed := is(v1alpha1.ConditionInstalled, true, v1alpha1.ReasonInstalled)
	cases := map[string]struct {
		adopted bool
		said    *v1alpha1.InstallState
		gone    bool
		want    []string
	}{
		"adopted": {adopted: true, want: []string{"Ready=True/Ready", "Accepted=True/Accepted", "Installed=True/Installed"}},
		"adopted, whatever an installer said": {
			adopted: true, said: says(2, is(v1alpha1.ConditionStalled, true, v1alpha1.ReasonConflicted)),
			want: []string{"Ready=True/Ready", "Accepted=True/Accepted", "Installed=True/Installed"},
		},
		"no installer": {
			want: []string{"Ready=False/NotInstalled", "Reconciling=True/NotInstalled", "Accepted=True/Accepted", "Installed=False/NotInstalled"},
		},
		"installed": {said: says(2, installed), want: []string{"Ready=True/Ready", "Accepted=True/Accepted", "Installed=True/Installed"}},
		"installed once, and gone": {
			said: says(2, installed), gone: true,
			want: []string{"Ready=False/NotInstalled", "Reconciling=True/NotInstalled", "Accepted=True/Accepted", "Installed=False/NotInstalled"},
		},
		"an edit that the installer has not seen": {
			said: says(1, installed),
			want: []string{"Ready=False/Pending", "Reconciling=True/Pending", "Accepted=True/Accepted", "Installed=True/Installed"},
		},
		"installing": {
			said: says(2, is(v1alpha1.ConditionInstalled, false, v1alpha1.ReasonReconciling), is(v1alpha1.ConditionReconciling, true, v1alpha1.ReasonReconciling)),
			gone: true,
			want: []string{"Ready=False/Reconciling", "Reconciling=True/Reconciling", "Accepted=True/Accepted", "Installed=False/Reconciling"},
		},
		"refused": {
			said: says(2, is(v1alpha1.ConditionInstalled, false, v1alpha1.ReasonAdoptionRequired), is(v1alpha1.ConditionStalled, true, v1alpha1.ReasonAdoptionRequired)),
			want: []string{"Ready=False/AdoptionRequired", "Stalled=True/AdoptionRequired", "Accepted=True/Accepted", "Installed=False/AdoptionRequired"},
		},
		"upgrading": {
			said: says(2, installed, is(v1alpha1.ConditionUpgrading, true, v1alpha1.ReasonUpgrading), is(v1alpha1.ConditionReconciling, true, v1alpha1.ReasonUpgrading)),
			want: []string{"Ready=False/Upgrading", "Reconciling=True/Upgrading", "Accepted=True/Accepted", "Installed=True/Installed", "Upgrading=True/Upgrading"},
		},
		"rolled back": {
			said: says(2, installed, is(v1alpha1.ConditionStalled, true, v1alpha1.ReasonRolledBack)),
			want: []string{"Ready=False/RolledBack", "Stalled=True/RolledBack", "Accepted=True/Accepted", "Installed=True/Installed"},
		},
		"restarts are left to the user": {
			said: says(2, installed, is(v1alpha1.ConditionUpgrading, true, v1alpha1.ReasonRestartRequired)),
			want: []string{"Ready=True/Ready", "Accepted=True/Accepted", "Installed=True/Installed", "Upgrading=True/RestartRequired"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			object := &v1alpha1.Mesh{ObjectMeta: metav1.ObjectMeta{Name: "shop", Generation: 2}}
			object.Spec.Mode, object.Status.Install = v1alpha1.ModeManaged, c.said
			if c.adopted {
				object.Spec.Mode = v1alpha1.ModeAdopted
			}
			seen := Seen{Offered: true, Namespace: "system", Observation: &translators.Observation{Ready: true}}
			if c.gone {
				seen.Observation = nil
			}
			now := metav1.Unix(1000, 0)
			next, ok := Status(status.Subject{Object: object, Ref: ir.Ref{Kind: "Mesh", Name: "shop"}, Now: now}, seen).(*v1alpha1.Mesh)
			if !ok {
				t.Fatal("no status")
			}
			var got []string
			for _, condition := range next.Status.Conditions {
				got = append(got, condition.Type+"="+string(condition.Status)+"/"+condition.Reason)
				if condition.ObservedGeneration != 2 || condition.LastTransitionTime != now {
					t.Errorf("%s has generation %d and time %s", condition.Type, condition.ObservedGeneration, condition.LastTransitionTime)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestInstallerChooses holds that new members get what the installer says, and
// that what is programmed is what the oldest control plane reads.
func TestInstallerChooses(t *testing.T) {
	seen := &translators.Observation{
		Env:       translators.Env{Version: "1.30.4", Facts: map[string]string{translators.FactRevision: "old", "other": "x"}},
		Revisions: []translators.Revision{{Name: "new", Version: "1.31.0"}, {Name: "old", Version: "1.30.4"}},
	}
	for revision, want := range map[string]string{"": "1.30.4", "old": "1.30.4", "new": "1.31.0", "not seen": "1.30.4"} {
		var got v1alpha1.InstalledStatus
		Observed(&got, chosen(seen, &v1alpha1.InstallState{Revision: revision}), nil)
		fact := revision
		if fact == "" {
			fact = "old"
		}
		facts := []v1alpha1.ObservedFact{{Name: "other", Value: "x"}, {Name: translators.FactRevision, Value: fact}}
		if got.Version != want || got.Env.Version != "1.30.4" {
			t.Errorf("chosen %q: version %s, env %s; want %s", revision, got.Version, got.Env.Version, want)
		}
		if diff := cmp.Diff(facts, got.Env.Facts); diff != "" {
			t.Errorf("chosen %q: facts (-want +got):\n%s", revision, diff)
		}
	}
	if seen.Env.Facts[translators.FactRevision] != "old" {
		t.Error("what was observed is changed")
	}
}
