package resolve

import (
	"fmt"
	"slices"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// Codes of the issues that resolving raises. 10xx: targets and membership;
// 11xx: splits and their backends; 12xx: policies; 13xx: access; 14xx: gateways
// and routes; 15xx: external services; 16xx: meshes.
const (
	CodeNoMesh            = "ML1001"
	CodeTargetNotFound    = "ML1002"
	CodeInvalidTarget     = "ML1003"
	CodeSectionNotFound   = "ML1004"
	CodeProtocolUnknown   = "ML1005"
	CodeInvalidValue      = "ML1006"
	CodeSplitConflict     = "ML1101"
	CodeBackendNotFound   = "ML1102"
	CodeBackendIsApex     = "ML1103"
	CodePortNotFound      = "ML1104"
	CodeSubsetEmpty       = "ML1105"
	CodePolicyConflict    = "ML1201"
	CodePolicyMisplaced   = "ML1202"
	CodePolicyIdle        = "ML1203"
	CodeCallerNotFound    = "ML1301"
	CodeIdentityShared    = "ML1302"
	CodeDeniesOthers      = "ML1303"
	CodeProbeCovered      = "ML1304"
	CodeOutsideMesh       = "ML1305"
	CodeAccessPort        = "ML1306"
	CodeAccessProtocol    = "ML1307"
	CodeAccessInvalid     = "ML1308"
	CodeControllerMissing = "ML1401"
	CodeGatewayNotAllowed = "ML1402"
	CodeMeshNotFound      = "ML1403"
	CodeMeshNotAllowed    = "ML1404"
	CodeCertificate       = "ML1405"
	CodeNoWorkload        = "ML1406"
	CodeNoListener        = "ML1407"
	CodeRouteNotAllowed   = "ML1408"
	CodeNoHostname        = "ML1409"
	CodeNotGranted        = "ML1410"
	CodeParentRejected    = "ML1411"
	CodeShadowed          = "ML1412"
	CodeClusterHost       = "ML1501"
	CodeNotMeshWide       = "ML1502"
	CodeHostConflict      = "ML1503"
	CodeClaimConflict     = "ML1601"
	CodeStrictWithheld    = "ML1602"
	CodeLeaving           = "ML1603"
	CodeReserved          = "ML1604"
	CodeNotInstalled      = "ML1605"
)

// Code documents one code.
type Code struct {
	ID string
	// Reason is the condition reason that goes with it.
	Reason v1alpha1.ConditionReason
	// Doc says what is wrong and what to do, for docs/reference/codes.md.
	Doc string
}

// Codes returns all codes of this package, sorted.
func Codes() []Code { return slices.Clone(codes) }

var codes = []Code{
	{CodeNoMesh, v1alpha1.ReasonNoMesh, "The namespace is no member of a mesh, so nothing in it can be programmed. Label the namespace so that the members.namespaceSelector of a Mesh selects it."},
	{CodeTargetNotFound, v1alpha1.ReasonTargetNotFound, "What a targetRef (or service.name of a TrafficSplit) names does not exist. Create it or correct the name; it takes effect as soon as it exists."},
	{CodeInvalidTarget, v1alpha1.ReasonInvalidTarget, "A Service of type ExternalName, or one without a selector where pods are needed, cannot be a target. Target a Service that selects pods."},
	{CodeSectionNotFound, v1alpha1.ReasonTargetNotFound, "A sectionName names no rule of the target. Name the rule, or correct sectionName."},
	{CodeProtocolUnknown, v1alpha1.ReasonProtocolUnknown, "The object speaks of requests, and the port is not known to speak HTTP. Set appProtocol on the Service port, or name the port http, http2 or grpc (or http-..., ...), or set protocol in the TrafficSplit."},
	{CodeInvalidValue, v1alpha1.ReasonInvalid, "A field has a value that the schema admits and the meaning does not. The message says which."},
	{CodeSplitConflict, v1alpha1.ReasonConflicted, "An older TrafficSplit speaks for the same port of the same Service. Merge the two, or limit service.ports of one."},
	{CodeBackendNotFound, v1alpha1.ReasonBackendNotFound, "A backendRef names a Service that does not exist or cannot be a backend. Its share of the requests is answered with 500."},
	{CodeBackendIsApex, v1alpha1.ReasonInvalid, "A backend of a TrafficSplit is the Service of another TrafficSplit. Name the versions themselves: splits do not chain."},
	{CodePortNotFound, v1alpha1.ReasonTargetNotFound, "A port is named that the Service does not have."},
	{CodeSubsetEmpty, v1alpha1.ReasonBackendNotFound, "A subset selects none of the Service's pods, as known now. Its share of the requests fails until pods carry the labels."},
	{CodePolicyConflict, v1alpha1.ReasonConflicted, "An older TrafficPolicy sets the same field for the same target. Merge the two, or move the field nearer (Service, then object, then rule)."},
	{CodePolicyMisplaced, v1alpha1.ReasonInvalid, "outlierDetection, connectionPool, loadBalancer and rateLimit act on Services only. Target a Service."},
	{CodePolicyIdle, v1alpha1.ReasonPending, "The target of the TrafficPolicy is in force nowhere, so neither is the policy. Look at the target's status."},
	{CodeCallerNotFound, v1alpha1.ReasonTargetNotFound, "A caller in from names a Service or an IngressGateway that runs no pods, so its identity is not known. An Allow admits nobody by it; a Deny closes its targets."},
	{CodeIdentityShared, v1alpha1.ReasonIdentityShared, "A caller in an Allow runs under a service account that other workloads run under too; admitting it would admit them. Give it a service account of its own, or name the serviceAccount."},
	{CodeDeniesOthers, v1alpha1.ReasonIdentityShared, "A caller in a Deny runs under a service account that other workloads run under too: they are denied with it."},
	{CodeProbeCovered, v1alpha1.ReasonUnsupportedClosed, "A path of the policy covers the path of a kubelet probe, which must stay open for pods to become ready. Move the probe to a path or port of its own."},
	{CodeOutsideMesh, v1alpha1.ReasonWorkloadsOutsideMesh, "Pods of the target run without the mesh's proxy: the policy does not hold for them. Restart them so that they get one."},
	{CodeAccessPort, v1alpha1.ReasonUnsupportedClosed, "A port of an AccessPolicy is no port of its target, or leads to no container port. The target is closed as far as needed."},
	{CodeAccessProtocol, v1alpha1.ReasonProtocolUnknown, "Methods or paths are asked of a port that is not known to speak HTTP. Set appProtocol on the Service port, or remove methods and paths."},
	{CodeAccessInvalid, v1alpha1.ReasonUnsupportedClosed, "The AccessPolicy has a value that cannot be read; its targets are closed."},
	{CodeControllerMissing, v1alpha1.ReasonControllerNotFound, "controllerRef names no IngressController."},
	{CodeGatewayNotAllowed, v1alpha1.ReasonNotAllowed, "allowedNamespaces of the IngressController does not let IngressGateways of this namespace in."},
	{CodeMeshNotFound, v1alpha1.ReasonMeshNotFound, "meshRef names no Mesh."},
	{CodeMeshNotAllowed, v1alpha1.ReasonNotAllowed, "allowedGateways of the Mesh does not let IngressGateways of this namespace in."},
	{CodeCertificate, v1alpha1.ReasonInvalidCertificateRef, "A certificateRef names no Secret with a certificate. The listener serves the others."},
	{CodeNoWorkload, v1alpha1.ReasonPending, "No Service of the IngressGateway's name exists in its namespace or in that of its controller, so nothing serves it yet."},
	{CodeNoListener, v1alpha1.ReasonNoMatchingParent, "A parentRef names no IngressGateway, or none of its listeners."},
	{CodeRouteNotAllowed, v1alpha1.ReasonNotAllowed, "allowedRoutes of the listener does not let GatewayRoutes of this namespace in; absent, it lets in those of the gateway's own namespace."},
	{CodeNoHostname, v1alpha1.ReasonNoMatchingListenerHostname, "None of the hostnames is one of the listener's."},
	{CodeNotGranted, v1alpha1.ReasonRefNotPermitted, "A reference into another namespace has no ReferenceGrant there."},
	{CodeParentRejected, v1alpha1.ReasonNoMatchingParent, "The IngressGateway itself is not accepted, so its routes are not programmed. Look at its status."},
	{CodeShadowed, v1alpha1.ReasonConflicted, "An older rule has exactly the same match on the same host, so that this one is never reached."},
	{CodeClusterHost, v1alpha1.ReasonInvalid, "A host of the cluster's own domain is a Service, not an external one."},
	{CodeNotMeshWide, v1alpha1.ReasonNotAllowed, "egress.allowedNamespaces of the Mesh does not let this namespace publish hosts for the whole mesh."},
	{CodeHostConflict, v1alpha1.ReasonConflicted, "An older ExternalService speaks for the same host and port where this one would."},
	{CodeClaimConflict, v1alpha1.ReasonConflicted, "A namespace that the Mesh selects belongs to another mesh. It moves when it is no longer selected there."},
	{CodeStrictWithheld, v1alpha1.ReasonWorkloadsOutsideMesh, "Strict mTLS is withheld while pods of members run without a proxy: they would be cut off. Restart them, or set mtls.force."},
	{CodeLeaving, v1alpha1.ReasonRestartRequired, "A namespace left the mesh while its pods still carry the mesh's proxy. It stays a member until they are restarted."},
	{CodeReserved, v1alpha1.ReasonNotAllowed, "System, control plane and controller namespaces are never members of a mesh, whatever selects them."},
	{CodeNotInstalled, v1alpha1.ReasonUnsupported, "mode Managed asks for an installation that this version of Meshloom does not do. Install the mesh or ingress yourself, and set mode to Adopted."},
}

var reasons = func() map[string]string {
	m := make(map[string]string, len(codes))
	for _, c := range codes {
		m[c.ID] = string(c.Reason)
	}
	return m
}()

// finding is an issue before its words.
type finding struct {
	effect ir.Effect
	code   string
	source ir.Source
	target ir.Target
}

// report adds an issue to the view. The message says what is wrong and what to
// do.
func (v *view) report(f finding, format string, args ...any) {
	v.issues = append(v.issues, ir.Issue{
		Effect: f.effect, Source: f.source, Target: f.target,
		Reason: reasons[f.code], Code: f.code, Message: fmt.Sprintf(format, args...),
	})
}
