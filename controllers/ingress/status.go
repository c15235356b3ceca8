// Package ingress says what was observed of ingress controllers and of the
// gateways that they run: where clients reach them, who they are in the mesh,
// and which side applies the mesh's rules to what they send.
package ingress

import (
	"fmt"
	"net/netip"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/controllers/mesh"
	"github.com/meshloom/meshloom/internal/status"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// Seen is what is known of an ingress controller beside its gateways' units.
type Seen struct {
	// Offered is false where no provider can program it.
	Offered bool
	// Namespace is where it runs.
	Namespace   string
	Observation *translators.Observation
	// GatewayAPI is what the cluster has of it; nil where it has none.
	GatewayAPI *v1alpha1.ObservedGatewayAPI
	// Gateways is the number of IngressGateways that name it.
	Gateways int32
}

// ControllerStatus returns a copy of an IngressController with the status that
// follows from the subject and what was seen; nil for other kinds. It is pure.
func ControllerStatus(s status.Subject, seen Seen) client.Object {
	controller, ok := s.Object.(*v1alpha1.IngressController)
	if !ok {
		return nil
	}
	outcome := s.Whole()
	if !seen.Offered {
		outcome.Issues = append(outcome.Issues, ir.Issue{
			Effect: ir.EffectRejected, Source: ir.Source{Ref: s.Ref, Field: "spec.provider"}, Reason: string(v1alpha1.ReasonUnsupported),
			Code: translators.CodeNotOffered, Message: fmt.Sprintf("provider %s is not offered by this version of Meshloom; choose another", controller.Spec.Provider),
		})
	}
	all := outcome.Conditions(controller.Generation)
	installing := status.Installing{
		Mode: controller.Spec.Mode, Generation: controller.Generation, State: controller.Status.Install,
		Observed: mesh.Installed("the ingress controller", seen.Observation, seen.Namespace),
	}
	accepted, installed := all[:1:1], []metav1.Condition{installing.Installed()}
	next := controller.DeepCopy()
	next.Status.ObservedGeneration = controller.Generation
	next.Status.Conditions = slices.Concat(
		status.Sum(controller.Generation, slices.Concat(accepted, installing.Blocking(), installed, all[1:])),
		accepted, installed, installing.Shown())
	status.Inherit(controller.Status.Conditions, next.Status.Conditions, s.Now)
	next.Status.Members = ptr.To(seen.Gateways)
	mesh.Observed(&next.Status.InstalledStatus, seen.Observation, seen.GatewayAPI)
	return next
}

// GatewayStatus returns a copy of an IngressGateway with the status that
// follows from the subject; nil for other kinds. It is pure.
func GatewayStatus(s status.Subject) client.Object {
	gateway, ok := s.Object.(*v1alpha1.IngressGateway)
	if !ok {
		return nil
	}
	report := own(s)
	all := s.Whole().Conditions(gateway.Generation)
	paired := paired(gateway, report)
	paired.ObservedGeneration = gateway.Generation
	installing := installing(gateway)
	needed := slices.Concat(unserved(all, installing), installing.Blocking())
	if gateway.Spec.MeshRef != nil {
		needed = append(needed, paired)
	}
	next := gateway.DeepCopy()
	next.Status = v1alpha1.IngressGatewayStatus{
		ObservedGeneration: gateway.Generation,
		Conditions:         append(append(status.Sum(gateway.Generation, needed), all...), paired),
		Addresses:          addresses(report), Identity: identity(report), Pairing: pairing(gateway, report),
	}
	status.Inherit(gateway.Status.Conditions, next.Status.Conditions, s.Now)
	return next
}

// installing is what the installer says of the gateway's workload: nothing
// where somebody else runs it.
func installing(gateway *v1alpha1.IngressGateway) status.Installing {
	out := status.Installing{Mode: v1alpha1.ModeAdopted, Generation: gateway.Generation, State: gateway.Status.Install}
	if out.State != nil {
		out.Mode = v1alpha1.ModeManaged
	}
	out.Observed = status.New(v1alpha1.ConditionInstalled, true, v1alpha1.ReasonInstalled, "")
	return out
}

// unserved makes Programmed false where the gateway's workload is not
// installed, and returns the conditions. That nothing is there to program is
// said better by who is to install it.
func unserved(conditions []metav1.Condition, installing status.Installing) []metav1.Condition {
	installed := installing.Installed()
	for i := range conditions {
		c := &conditions[i]
		if c.Type != string(v1alpha1.ConditionProgrammed) || installed.Status == metav1.ConditionTrue {
			continue
		}
		if c.Status == metav1.ConditionTrue || c.Reason == string(v1alpha1.ReasonNotInstalled) || c.Reason == string(v1alpha1.ReasonPending) {
			c.Status, c.Reason, c.Message = metav1.ConditionFalse, installed.Reason, installed.Message
		}
	}
	return conditions
}

// own returns the report of the gateway's own unit; nil where it has none.
func own(s status.Subject) *status.Report {
	for _, report := range s.Reports {
		if report.Key.Kind == ir.KindGateway && report.Key.Namespace == s.Ref.Namespace && report.Key.Name == s.Ref.Name {
			return report
		}
	}
	return nil
}

// paired says whether the gateway takes part in the mesh it asks for.
func paired(gateway *v1alpha1.IngressGateway, report *status.Report) metav1.Condition {
	no := func(reason v1alpha1.ConditionReason, message string) metav1.Condition {
		return status.New(v1alpha1.ConditionPaired, false, reason, message)
	}
	if gateway.Spec.MeshRef == nil {
		return no(v1alpha1.ReasonNotPaired, "meshRef names no mesh: a plain ingress")
	}
	found := joined(report)
	switch {
	case found == nil:
		return no(v1alpha1.ReasonPending, "the gateway is not programmed yet")
	case len(found.Issues) > 0:
		return no(v1alpha1.ReasonPairingUnsupported, found.Issues[0].Message)
	case found.Mode == translators.Plain:
		return no(v1alpha1.ReasonMeshNotFound, fmt.Sprintf("mesh %s cannot be joined; see Accepted and ResolvedRefs", gateway.Spec.MeshRef.Name))
	case report.Gateway == nil || report.Gateway.Identity == (ir.Identity{}):
		return no(v1alpha1.ReasonPending, "no pod serves the gateway yet, so its identity in the mesh is not known")
	}
	return status.New(v1alpha1.ConditionPaired, true, v1alpha1.ReasonPaired, "")
}

func joined(report *status.Report) *translators.Pairing {
	if report == nil || len(report.Pairings) == 0 {
		return nil
	}
	return &report.Pairings[0].Pairing
}

func addresses(report *status.Report) []v1alpha1.GatewayAddress {
	if report == nil || report.Gateway == nil {
		return nil
	}
	var out []v1alpha1.GatewayAddress
	for _, address := range report.Gateway.Addresses {
		kind := v1alpha1.AddressHostname
		if _, err := netip.ParseAddr(address); err == nil {
			kind = v1alpha1.AddressIP
		}
		out = append(out, v1alpha1.GatewayAddress{Type: kind, Value: address})
	}
	return out[:min(len(out), maxAddresses)]
}

// maxAddresses and maxNotes are the bounds of the API.
const (
	maxAddresses = 16
	maxNotes     = 8
)

func identity(report *status.Report) *v1alpha1.WorkloadIdentity {
	if report == nil || report.Gateway == nil || report.Gateway.Identity == (ir.Identity{}) {
		return nil
	}
	id := report.Gateway.Identity
	return &v1alpha1.WorkloadIdentity{Namespace: v1alpha1.Namespace(id.Namespace), ServiceAccount: v1alpha1.ObjectName(id.ServiceAccount)}
}

func pairing(gateway *v1alpha1.IngressGateway, report *status.Report) *v1alpha1.PairingStatus {
	found := joined(report)
	if gateway.Spec.MeshRef == nil || found == nil || found.Mode == translators.Plain || len(found.Issues) > 0 {
		return nil
	}
	mtls := v1alpha1.PairingMTLSPlaintext
	if found.MTLS {
		mtls = v1alpha1.PairingMTLSMutual
	}
	return &v1alpha1.PairingStatus{
		Mode: v1alpha1.PairingMode(found.Mode), MTLS: mtls, Notes: found.Notes[:min(len(found.Notes), maxNotes)],
	}
}
