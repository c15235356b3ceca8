package v1alpha1

// ConditionType names a condition in a status of this package. Conditions
// that say "while true" are present only while they are true.
type ConditionType string

const (
	// ConditionReady sums up all other conditions of an object. It is what
	// `kubectl wait`, Flux and Argo CD should look at.
	ConditionReady ConditionType = "Ready"
	// ConditionReconciling is present while work on the object goes on. It
	// is one of the two words of kstatus.
	ConditionReconciling ConditionType = "Reconciling"
	// ConditionStalled is present while the object cannot become ready
	// without an edit by somebody. It is one of the two words of kstatus.
	ConditionStalled ConditionType = "Stalled"
	// ConditionAccepted says that the object, or one target of it, is valid
	// and wins what it asks for.
	ConditionAccepted ConditionType = "Accepted"
	// ConditionResolvedRefs says that everything referred to exists and may
	// be referred to.
	ConditionResolvedRefs ConditionType = "ResolvedRefs"
	// ConditionProgrammed says that the native objects are written and that
	// the mesh or ingress has not refused them where it says so.
	ConditionProgrammed ConditionType = "Programmed"
	// ConditionPartiallySupported is present while some fields have no
	// effect on a target, or an effect that differs. The message names them.
	ConditionPartiallySupported ConditionType = "PartiallySupported"
	// ConditionInstalled says that the mesh or ingress controller runs.
	ConditionInstalled ConditionType = "Installed"
	// ConditionUpgrading is present while a version change goes on.
	ConditionUpgrading ConditionType = "Upgrading"
	// ConditionPaired says that an IngressGateway takes part in its mesh.
	ConditionPaired ConditionType = "Paired"
)

// ConditionReason says in one word why a condition has its status.
type ConditionReason string

// Reasons of conditions that are as the user wants them.
const (
	// ReasonReady goes with Ready=True.
	ReasonReady ConditionReason = "Ready"
	// ReasonAccepted goes with Accepted=True.
	ReasonAccepted ConditionReason = "Accepted"
	// ReasonResolvedRefs goes with ResolvedRefs=True.
	ReasonResolvedRefs ConditionReason = "ResolvedRefs"
	// ReasonProgrammed goes with Programmed=True.
	ReasonProgrammed ConditionReason = "Programmed"
	// ReasonInstalled goes with Installed=True.
	ReasonInstalled ConditionReason = "Installed"
	// ReasonPaired goes with Paired=True.
	ReasonPaired ConditionReason = "Paired"
	// ReasonNotPaired goes with Paired=False when no mesh was asked for.
	ReasonNotPaired ConditionReason = "NotPaired"
)

// Reasons of conditions that wait for something.
const (
	// ReasonPending says that no decision has been made yet.
	ReasonPending ConditionReason = "Pending"
	// ReasonReconciling says that work goes on.
	ReasonReconciling ConditionReason = "Reconciling"
	// ReasonUpgrading says that a version change goes on.
	ReasonUpgrading ConditionReason = "Upgrading"
	// ReasonDeleting says that the object is being removed.
	ReasonDeleting ConditionReason = "Deleting"
	// ReasonRestartRequired says that only newly created pods read the
	// change; the message counts the pods to restart.
	ReasonRestartRequired ConditionReason = "RestartRequired"
	// ReasonMissingCRD says that a native kind is not served yet; its watch
	// starts when it appears.
	ReasonMissingCRD ConditionReason = "MissingCRD"
	// ReasonConfirmationRequired says that so many objects would be removed
	// at once that somebody must agree first.
	ReasonConfirmationRequired ConditionReason = "ConfirmationRequired"
	// ReasonWorkloadsOutsideMesh says that ready pods of a target run
	// without the mesh's proxy, so that a policy does not hold for them.
	ReasonWorkloadsOutsideMesh ConditionReason = "WorkloadsOutsideMesh"
)

// Reasons of conditions that need an edit.
const (
	// ReasonInvalid says that a field has a value that the schema admits and
	// the meaning does not.
	ReasonInvalid ConditionReason = "Invalid"
	// ReasonConflicted says that an older object of the same kind, or an
	// object that is not ours, already speaks for the same thing.
	ReasonConflicted ConditionReason = "Conflicted"
	// ReasonInvalidTarget says that a targetRef names what cannot be a
	// target, such as a Service without a selector.
	ReasonInvalidTarget ConditionReason = "InvalidTarget"
	// ReasonTargetNotFound says that a targetRef names what does not exist.
	ReasonTargetNotFound ConditionReason = "TargetNotFound"
	// ReasonNoMesh says that the namespace is no member of any mesh.
	ReasonNoMesh ConditionReason = "NoMesh"
	// ReasonBackendNotFound says that a backendRef names what does not exist.
	ReasonBackendNotFound ConditionReason = "BackendNotFound"
	// ReasonInvalidKind says that a reference names a kind that is not
	// allowed there.
	ReasonInvalidKind ConditionReason = "InvalidKind"
	// ReasonRefNotPermitted says that a reference into another namespace has
	// no ReferenceGrant.
	ReasonRefNotPermitted ConditionReason = "RefNotPermitted"
	// ReasonInvalidCertificateRef says that a certificate does not exist or
	// cannot be read.
	ReasonInvalidCertificateRef ConditionReason = "InvalidCertificateRef"
	// ReasonNoMatchingParent says that a parentRef names no listener.
	ReasonNoMatchingParent ConditionReason = "NoMatchingParent"
	// ReasonNoMatchingListenerHostname says that no hostname of the route is
	// one of the listener's.
	ReasonNoMatchingListenerHostname ConditionReason = "NoMatchingListenerHostname"
	// ReasonNotAllowed says that the other side (allowedRoutes,
	// allowedGateways, allowedNamespaces) does not let this object in.
	ReasonNotAllowed ConditionReason = "NotAllowed"
	// ReasonMeshNotFound says that meshRef names no Mesh.
	ReasonMeshNotFound ConditionReason = "MeshNotFound"
	// ReasonControllerNotFound says that controllerRef names no
	// IngressController.
	ReasonControllerNotFound ConditionReason = "ControllerNotFound"
	// ReasonAdoptionRequired says that a mode was changed from Adopted to
	// Managed by hand; `meshctl adopt` does it safely.
	ReasonAdoptionRequired ConditionReason = "AdoptionRequired"
)

// Reasons that tell what a mesh or ingress cannot do, and what is done then.
const (
	// ReasonProtocolUnknown says that a port is not known to speak HTTP,
	// which the object needs.
	ReasonProtocolUnknown ConditionReason = "ProtocolUnknown"
	// ReasonUnsupported says that the mesh or ingress cannot express a
	// field; nothing of the object is programmed there.
	ReasonUnsupported ConditionReason = "Unsupported"
	// ReasonUnsupportedIgnored says that the mesh or ingress cannot express
	// a field and that the policy asked for the rest to be programmed.
	ReasonUnsupportedIgnored ConditionReason = "UnsupportedIgnored"
	// ReasonUnsupportedClosed says that the mesh cannot express an
	// AccessPolicy, whose targets are therefore closed.
	ReasonUnsupportedClosed ConditionReason = "UnsupportedClosed"
	// ReasonEmulated says that a field works by other means, with a
	// difference that the message names.
	ReasonEmulated ConditionReason = "Emulated"
	// ReasonIdentityShared says that a caller named in an Allow runs under
	// an identity that workloads of others run under too.
	ReasonIdentityShared ConditionReason = "IdentityShared"
	// ReasonPortsNotClosed says that a mesh cannot close some ports of a
	// target; the message names them.
	ReasonPortsNotClosed ConditionReason = "PortsNotClosed"
	// ReasonFrozen says that an edit somewhere in the unit cannot be
	// expressed, so that the last good native objects stay as they are.
	ReasonFrozen ConditionReason = "Frozen"
	// ReasonRefused says that the mesh or ingress refused a native object;
	// the message has its words.
	ReasonRefused ConditionReason = "Refused"
	// ReasonApplyFailed says that writing a native object failed.
	ReasonApplyFailed ConditionReason = "ApplyFailed"
	// ReasonInstallFailed says that an installation failed.
	ReasonInstallFailed ConditionReason = "InstallFailed"
	// ReasonNotInstalled says that the mesh or controller was not found.
	ReasonNotInstalled ConditionReason = "NotInstalled"
	// ReasonRolledBack says that an upgrade failed and that what was there
	// before runs again; the message says what failed.
	ReasonRolledBack ConditionReason = "RolledBack"
	// ReasonChangedByHand says that somebody else changed a Helm release of
	// Meshloom's; the message says how to go on.
	ReasonChangedByHand ConditionReason = "ChangedByHand"
	// ReasonPreflightFailed says that the cluster is not fit for what is
	// asked; the message has every finding.
	ReasonPreflightFailed ConditionReason = "PreflightFailed"
	// ReasonMembersExist says that a mesh is not removed while namespaces are
	// in it; the message names them.
	ReasonMembersExist ConditionReason = "MembersExist"
	// ReasonWorkloadsImmovable says that workloads cannot be restarted without
	// losing requests; the message names them and what would help.
	ReasonWorkloadsImmovable ConditionReason = "WorkloadsImmovable"
	// ReasonVersionUnknown says that the catalog does not have the version.
	ReasonVersionUnknown ConditionReason = "VersionUnknown"
	// ReasonSkew says that the way from the version that runs to the one asked
	// for is too long, or goes back too far.
	ReasonSkew ConditionReason = "Skew"
	// ReasonPairingUnsupported says that the ingress cannot take part in
	// the mesh.
	ReasonPairingUnsupported ConditionReason = "PairingUnsupported"
)
