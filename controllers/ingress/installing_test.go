package ingress

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/status"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// said is what an installer says that last looked at the generation.
func said(generation int64, conditions ...metav1.Condition) *v1alpha1.InstallState {
	return &v1alpha1.InstallState{ObservedGeneration: generation, Conditions: conditions}
}

// spoken returns the conditions as one line.
func spoken(conditions []metav1.Condition) string {
	var out []string
	for _, c := range conditions {
		out = append(out, c.Type+"="+string(c.Status)+" "+c.Reason)
	}
	return strings.Join(out, ", ")
}

var (
	runs        = status.New(v1alpha1.ConditionInstalled, true, v1alpha1.ReasonInstalled, "")
	refused     = status.New(v1alpha1.ConditionInstalled, false, v1alpha1.ReasonConflicted, "Service edge/public is there already")
	stalls      = status.New(v1alpha1.ConditionStalled, true, v1alpha1.ReasonConflicted, "Service edge/public is there already")
	rolledBack  = status.New(v1alpha1.ConditionStalled, true, v1alpha1.ReasonRolledBack, "it failed")
	upgrades    = status.New(v1alpha1.ConditionUpgrading, true, v1alpha1.ReasonUpgrading, "to 2.1.0")
	reconciling = status.New(v1alpha1.ConditionReconciling, true, v1alpha1.ReasonReconciling, "upgrading")
)

// TestGatewayInstalling joins what the installer says of a gateway's workload
// with what was programmed.
func TestGatewayInstalling(t *testing.T) {
	cases := map[string]struct {
		state      *v1alpha1.InstallState
		unprepared bool // nothing serves the gateway yet
		want       string
	}{
		"somebody else runs it": {
			nil, false,
			"Ready=True Ready, Accepted=True Accepted, ResolvedRefs=True ResolvedRefs, Programmed=True Programmed, Paired=False NotPaired",
		},
		"it runs": {
			said(2, runs), false,
			"Ready=True Ready, Accepted=True Accepted, ResolvedRefs=True ResolvedRefs, Programmed=True Programmed, Paired=False NotPaired",
		},
		"it is refused": {
			said(2, refused, stalls), true,
			"Ready=False Conflicted, Stalled=True Conflicted, Accepted=True Accepted, ResolvedRefs=True ResolvedRefs, Programmed=False Conflicted, Paired=False NotPaired",
		},
		"it went, and its objects are still there": {
			said(2, refused), false,
			"Ready=False Conflicted, Stalled=True Conflicted, Accepted=True Accepted, ResolvedRefs=True ResolvedRefs, Programmed=False Conflicted, Paired=False NotPaired",
		},
		"an upgrade goes on": {
			said(2, runs, upgrades, reconciling), false,
			"Ready=False Reconciling, Reconciling=True Reconciling, Accepted=True Accepted, ResolvedRefs=True ResolvedRefs, Programmed=True Programmed, Paired=False NotPaired",
		},
		"an upgrade failed": {
			said(2, runs, rolledBack), false,
			"Ready=False RolledBack, Stalled=True RolledBack, Accepted=True Accepted, ResolvedRefs=True ResolvedRefs, Programmed=True Programmed, Paired=False NotPaired",
		},
		"an edit that nobody has looked at": {
			said(1, runs), false,
			"Ready=False Pending, Reconciling=True Pending, Accepted=True Accepted, ResolvedRefs=True ResolvedRefs, Programmed=True Programmed, Paired=False NotPaired",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			object := &v1alpha1.IngressGateway{ObjectMeta: metav1.ObjectMeta{Namespace: "edge", Name: "public", Generation: 2}}
			object.Status.Install = c.state
			report := served(translators.Pairing{Mode: translators.Plain})
			if c.unprepared {
				report.Issues = []ir.Issue{{Effect: ir.EffectWithheld, Source: ir.Source{Ref: gateway}, Reason: "Pending", Message: "nothing serves the gateway yet"}}
			}
			next, ok := GatewayStatus(status.Subject{Object: object, Ref: gateway, Reports: []*status.Report{report}}).(*v1alpha1.IngressGateway)
			if !ok {
				t.Fatal("no status")
			}
			if got := spoken(next.Status.Conditions); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestControllerInstalling joins what the installer says of a controller with
// what is seen to run.
func TestControllerInstalling(t *testing.T) {
	ready := &translators.Observation{Ready: true}
	cases := map[string]struct {
		mode  v1alpha1.Mode
		state *v1alpha1.InstallState
		seen  *translators.Observation
		want  string
	}{
		"Adopted, and it runs": {
			v1alpha1.ModeAdopted, nil, ready,
			"Ready=True Ready, Accepted=True Accepted, Installed=True Installed",
		},
		"Managed, and no installer": {
			v1alpha1.ModeManaged, nil, ready,
			"Ready=False NotInstalled, Reconciling=True NotInstalled, Accepted=True Accepted, Installed=False NotInstalled",
		},
		"Managed, and it runs": {
			v1alpha1.ModeManaged, said(2, runs), ready,
			"Ready=True Ready, Accepted=True Accepted, Installed=True Installed",
		},
		"Managed, and its part of a mesh does not run": {
			v1alpha1.ModeManaged, said(2, runs), nil,
			"Ready=False NotInstalled, Reconciling=True NotInstalled, Accepted=True Accepted, Installed=False NotInstalled",
		},
		"Managed, in an upgrade": {
			v1alpha1.ModeManaged, said(2, runs, upgrades, reconciling), ready,
			"Ready=False Reconciling, Reconciling=True Reconciling, Accepted=True Accepted, Installed=True Installed, Upgrading=True Upgrading",
		},
		"Managed, and refused": {
			v1alpha1.ModeManaged, said(2, refused, stalls), nil,
			"Ready=False Conflicted, Stalled=True Conflicted, Accepted=True Accepted, Installed=False Conflicted",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			object := &v1alpha1.IngressController{ObjectMeta: metav1.ObjectMeta{Name: "gw", Generation: 2}, Spec: v1alpha1.IngressControllerSpec{Mode: c.mode}}
			object.Status.Install = c.state
			subject := status.Subject{Object: object, Ref: ir.Ref{Kind: "IngressController", Name: "gw"}}
			next, ok := ControllerStatus(subject, Seen{Offered: true, Namespace: "system", Observation: c.seen}).(*v1alpha1.IngressController)
			if !ok {
				t.Fatal("no status")
			}
			if got := spoken(next.Status.Conditions); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
