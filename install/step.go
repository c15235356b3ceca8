package install

import (
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// Step is the one thing to do next. It is small, so that a process that dies in
// it leaves something that the next one recognises.
type Step struct {
	Kind StepKind
	// Chart is set for chart steps.
	Chart *Chart
	// To is the Helm revision that RollBack goes back to.
	To int
	// Namespace and Revision are set for Record and EnsureNamespace, and
	// Namespace for Release where it goes too.
	Namespace, Revision string
	// Workload is set for Restart.
	Workload *MemberWorkload
	// Authority is set for WriteTrust, and Keep for KeepTrust.
	Authority *Authority
	Keep      *KeptTrust
	// After is when to look again; 0 leaves it to events.
	After time.Duration
	// Reason and Message say why, in the words of conditions.
	Reason  v1alpha1.ConditionReason
	Message string
}

// StepKind says what a step does.
type StepKind string

// The kinds of steps.
const (
	// StepDone does nothing: everything is as wanted.
	StepDone StepKind = "Done"
	// StepWait does nothing and looks again later.
	StepWait StepKind = "Wait"
	// StepRefuse does nothing until somebody edits something.
	StepRefuse StepKind = "Refuse"
	// StepEnsureNamespace makes a namespace.
	StepEnsureNamespace StepKind = "EnsureNamespace"
	// StepKeepTrust stores a root that Meshloom keeps.
	StepKeepTrust StepKind = "KeepTrust"
	// StepWriteTrust gives the control plane its authority.
	StepWriteTrust StepKind = "WriteTrust"
	StepInstall    StepKind = "Install"
	StepUpgrade    StepKind = "Upgrade"
	StepRollBack   StepKind = "RollBack"
	StepUninstall  StepKind = "Uninstall"
	// StepUnlock marks a release that its writer left pending as failed.
	StepUnlock StepKind = "Unlock"
	// StepRecord writes a revision on a member namespace.
	StepRecord StepKind = "Record"
	// StepRestart has a workload's pods made anew.
	StepRestart StepKind = "Restart"
	// StepSweep removes what a control plane left in namespaces.
	StepSweep StepKind = "Sweep"
	// StepRelease removes what Meshloom made beside the charts: its Secrets of
	// trust and, if it is named, the namespace. Then it takes the finalizer off
	// the Mesh.
	StepRelease StepKind = "Release"
)
