package installer

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshloom/meshloom/install"
)

// tell lets an event say what was done: `kubectl describe` of a Mesh tells its
// story.
func (a *actor) tell(t turn) {
	if t.object == nil {
		return
	}
	kind := corev1.EventTypeNormal
	if t.step.Fails() {
		kind = corev1.EventTypeWarning
	}
	a.recorder.Eventf(t.object, nil, kind, reasons[t.step.Kind], string(t.step.Kind), "%s", note(describe(t.step), t.step.Message))
}

// warn lets an event say what keeps an object from going on.
func (a *actor) warn(t turn, reason, message string) {
	if t.object != nil {
		a.recorder.Eventf(t.object, nil, corev1.EventTypeWarning, reason, string(t.step.Kind), "%s", note(message, ""))
	}
}

// maxNote is what the API server takes of an event's note.
const maxNote = 1024

func note(what, why string) string {
	if why != "" {
		what += ": " + why
	}
	return what[:min(len(what), maxNote)]
}

// reasons are the reasons of events, by what was done.
var reasons = map[install.StepKind]string{
	install.StepEnsureNamespace: "NamespaceCreated", install.StepKeepTrust: "RootKept", install.StepWriteTrust: "TrustWritten",
	install.StepInstall: "ChartInstalled", install.StepUpgrade: "ChartUpgraded", install.StepRollBack: "ChartRolledBack",
	install.StepUninstall: "ChartRemoved", install.StepUnlock: "ReleaseUnlocked", install.StepRecord: "NamespaceMoved",
	install.StepRestart: "WorkloadRestarted", install.StepSweep: "LeftoversRemoved", install.StepRelease: "Released",
}

// describe names what a step does, and to what.
func describe(s install.Step) string {
	switch s.Kind {
	case install.StepEnsureNamespace:
		return "create namespace " + s.Namespace
	case install.StepKeepTrust:
		return "keep the root of trust"
	case install.StepWriteTrust:
		return "give the control plane its root of trust"
	case install.StepInstall, install.StepUpgrade:
		return fmt.Sprintf("%s chart %s %s as %s/%s", verbs[s.Kind], s.Chart.Name, s.Chart.Version, s.Chart.Namespace, s.Chart.Release)
	case install.StepRollBack:
		return fmt.Sprintf("roll back release %s/%s to revision %d", s.Chart.Namespace, s.Chart.Release, s.To)
	case install.StepUninstall, install.StepUnlock:
		return fmt.Sprintf("%s release %s/%s", verbs[s.Kind], s.Chart.Namespace, s.Chart.Release)
	case install.StepRecord:
		return fmt.Sprintf("move namespace %s to revision %s", s.Namespace, s.Revision)
	case install.StepRestart:
		return fmt.Sprintf("restart %s %s/%s", s.Workload.Kind, s.Workload.Namespace, s.Workload.Name)
	case install.StepSweep:
		return "remove what the control plane left in namespaces"
	case install.StepRelease:
		return "let it go"
	default:
		return string(s.Kind)
	}
}

var verbs = map[install.StepKind]string{
	install.StepInstall: "install", install.StepUpgrade: "upgrade", install.StepUninstall: "remove", install.StepUnlock: "unlock",
}
