package v1alpha1

// Marks that Meshloom puts on objects of the cluster.
const (
	// LabelMesh on a Namespace names the Managed Mesh that it is a member of.
	LabelMesh = GroupName + "/mesh"
	// LabelGatewayMesh on a Namespace names the Mesh that its IngressGateways
	// take part in.
	LabelGatewayMesh = GroupName + "/gateway-mesh"
	// FactPrefix begins the annotations of a Mesh that say facts which cannot be
	// observed, as facts.meshloom.io/probeNetworks; the docs of each mesh name
	// those that it reads.
	FactPrefix = "facts." + GroupName + "/"
	// AnnotationRevision on a Namespace names the control plane of its mesh
	// that new pods belong to. Absent means the mesh's own.
	AnnotationRevision = GroupName + "/revision"
	// LabelRevision on a Helm release names the control plane that it is of.
	LabelRevision = GroupName + "/revision"
	// LabelOwner on a Helm release names the object that it was installed for,
	// as Mesh.shop.
	LabelOwner = GroupName + "/owner"
	// LabelDigest on a Helm release is the digest of the chart and values that
	// Meshloom asked for.
	LabelDigest = GroupName + "/digest"
	// LabelTakenOver on a Helm release is the digest of the chart and values with
	// which objects of somebody else were made part of it.
	LabelTakenOver = GroupName + "/taken-over"
	// LabelWritten on a Helm release is Helm's number of the revision that
	// Meshloom wrote. Helm hands labels on to the revisions that follow, so one
	// with another number is somebody else's.
	LabelWritten = GroupName + "/written"
	// AnnotationRestartedAt on the template of a workload's pods is when
	// Meshloom had them made anew.
	AnnotationRestartedAt = GroupName + "/restarted-at"
)

// Annotations of a Mesh, an IngressController or an IngressGateway by which
// somebody agrees to something.
const (
	// AnnotationAdopt is written by `meshctl adopt` and names the namespace of
	// the installation that may be taken over.
	AnnotationAdopt = GroupName + "/adopt"
	// AnnotationMoveImmovable with the value "true" lets workloads be restarted
	// that cannot be without losing requests.
	AnnotationMoveImmovable = GroupName + "/move-immovable"
	// AnnotationUninstall says what a deletion may take along, a list of:
	// members (go on while namespaces are in the mesh), crds.
	AnnotationUninstall = GroupName + "/uninstall"
	// AnnotationRotateRoot asks for a new root of trust whenever its value
	// changes.
	AnnotationRotateRoot = GroupName + "/rotate-root"
	// AnnotationRetry has the installer try again what failed, or take back
	// what somebody changed by hand, whenever its value changes.
	AnnotationRetry = GroupName + "/retry"
)
