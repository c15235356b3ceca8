package resolve

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// controller says what units need to know of an IngressController.
func (o Options) controller(c *v1alpha1.IngressController) ir.Controller {
	namespace, class := o.controllerPlace(c)
	return ir.Controller{
		Name: c.Name, Provider: string(c.Spec.Provider), Namespace: namespace, GatewayClass: class,
		Adopted: c.Spec.Mode == v1alpha1.ModeAdopted, Source: sourceOf(c),
	}
}

// gatewayState is the value that is derived for an IngressGateway.
type gatewayState struct {
	// service exposes the gateway; workload is nil while there is none.
	service  ir.Ref
	workload *ir.GatewayWorkload
}

// deriveGateway finds what serves an IngressGateway: the Service of its name in
// its namespace, else in its controller's.
func (v *view) deriveGateway(ref ir.Ref) output {
	gateway := read[v1alpha1.IngressGateway](v, ref)
	if gateway == nil {
		return output{}
	}
	controller := v.controllerOf(gateway)
	if controller == nil {
		return output{}
	}
	out := output{value: gatewayState{}, keys: []ir.Key{{Kind: ir.KindGateway, Namespace: ref.Namespace, Name: ref.Name}}}
	places := []string{ref.Namespace}
	// What Meshloom runs is in the gateway's own namespace.
	if ns, _ := v.store.options.controllerPlace(controller); ns != "" && ns != ref.Namespace && controller.Spec.Mode == v1alpha1.ModeAdopted {
		places = append(places, ns)
	}
	for _, ns := range places {
		svcRef := serviceRef(ns, ref.Name)
		svc := v.service(svcRef)
		if svc == nil || len(svc.Spec.Selector) == 0 {
			continue
		}
		out.value = gatewayState{service: svcRef, workload: v.gatewayWorkload(svcRef)}
		out.entries = []entry{{topic{gatewaysOf, svcRef}, ref}, {topic{gatewaysIn, namespaceRef(ns)}, ref}}
		break
	}
	return out
}

func (v *view) controllerOf(gateway *v1alpha1.IngressGateway) *v1alpha1.IngressController {
	return read[v1alpha1.IngressController](v, ir.Ref{Kind: v1alpha1.KindIngressController, Name: string(gateway.Spec.ControllerRef.Name)})
}

func (v *view) gatewayWorkload(ref ir.Ref) *ir.GatewayWorkload {
	svc := v.service(ref)
	v.note(topic{ofAddresses, ref})
	shown := v.irService(svc)
	w := &ir.GatewayWorkload{
		Namespace: ref.Namespace, Name: ref.Name, Selector: svc.Spec.Selector,
		Ports: shown.Ports, Addresses: addressesOf(svc),
	}
	if ids := identities(v.records(workloadsOf, ref)); len(ids) > 0 {
		w.Identity = ids[0]
	}
	return w
}

// addressesOf returns where a Service is reached from outside.
func addressesOf(svc *corev1.Service) []string {
	found := slices.Clone(svc.Spec.ExternalIPs)
	for _, in := range svc.Status.LoadBalancer.Ingress {
		if address := orElse(in.IP, in.Hostname); address != "" {
			found = append(found, address)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// gateway resolves an IngressGateway; nil means that it, or its controller,
// does not exist. Accepted is false where nothing of it may be programmed.
func (v *view) gateway(ref ir.Ref) (unit *ir.GatewayUnit, accepted bool) {
	gateway := read[v1alpha1.IngressGateway](v, ref)
	if gateway == nil {
		return nil, false
	}
	controller := v.controllerOf(gateway)
	if controller == nil {
		return nil, false
	}
	since := len(v.issues)
	source := sourceOf(gateway)
	if !v.allows(controller.Spec.AllowedNamespaces, ref.Namespace, true) {
		v.report(finding{effect: ir.EffectRejected, code: CodeGatewayNotAllowed, source: source.At("spec.controllerRef")},
			"IngressController %s does not let IngressGateways of namespace %s in: change its allowedNamespaces, or use another namespace", controller.Name, ref.Namespace)
	}
	unit = &ir.GatewayUnit{
		Namespace: ref.Namespace, Name: ref.Name, Controller: v.store.options.controller(controller),
		Mesh: v.pairedMesh(gateway), Source: source,
	}
	if !v.store.options.installsGateways(controller) {
		unit.Replicas = gateway.Spec.Replicas
		if s := gateway.Spec.Service; s != nil {
			unit.ServiceType, unit.ExternalTrafficPolicy = string(s.Type), string(s.ExternalTrafficPolicy)
			unit.ServiceAnnotations = s.Annotations
		}
	}
	for i := range gateway.Spec.Listeners {
		unit.Listeners = append(unit.Listeners, v.listener(gateway, i))
	}
	accepted = !v.rejects(ref, since)
	v.served(unit, ref, accepted)
	return unit, accepted && !v.ex.Has(ref, "")
}

// served says what serves the gateway and, if it is accepted, that nothing does.
func (v *view) served(unit *ir.GatewayUnit, ref ir.Ref, accepted bool) {
	state, _ := v.value(ref).(gatewayState)
	unit.Workload = state.workload
	if state.workload != nil || !accepted {
		return
	}
	f := finding{effect: ir.EffectWithheld, code: CodeNoWorkload, source: unit.Source}
	if !unit.Controller.Adopted {
		v.report(f, "nothing serves the gateway yet: its Service %s/%s is still to be made", ref.Namespace, ref.Name)
		return
	}
	where := "namespace " + ref.Namespace
	if unit.Controller.Namespace != "" && unit.Controller.Namespace != ref.Namespace {
		where += " or " + unit.Controller.Namespace
	}
	v.report(f, "nothing serves the gateway: there is no Service called %s with a selector in %s; install the gateway's proxy under that name, or name the IngressGateway as its Service", ref.Name, where)
}

// pairedMesh is the mesh that the gateway takes part in, where it may.
func (v *view) pairedMesh(gateway *v1alpha1.IngressGateway) *ir.Mesh {
	if gateway.Spec.MeshRef == nil {
		return nil
	}
	f := finding{effect: ir.EffectRejected, code: CodeMeshNotFound, source: sourceOf(gateway).At("spec.meshRef")}
	name := string(gateway.Spec.MeshRef.Name)
	obj := read[v1alpha1.Mesh](v, meshRef(name))
	if obj == nil {
		v.report(f, "Mesh %s does not exist: create it, correct meshRef, or remove meshRef for an ingress without a mesh", name)
		return nil
	}
	var allowed *v1alpha1.NamespaceSelection
	if obj.Spec.AllowedGateways != nil {
		allowed = &obj.Spec.AllowedGateways.Namespaces
	}
	if !v.allows(allowed, gateway.Namespace, false) {
		f.code = CodeMeshNotAllowed
		v.report(f, "Mesh %s does not let IngressGateways of namespace %s in: add the namespace to its allowedGateways", name, gateway.Namespace)
		return nil
	}
	mesh := withoutSource(v.store.options.mesh(obj))
	return &mesh
}

// gatewayUnit resolves an IngressGateway. It has no part where nothing of the
// gateway may be programmed.
func (v *view) gatewayUnit(key ir.Key) *ir.Unit {
	ref := ir.Ref{Kind: v1alpha1.KindIngressGateway, Namespace: key.Namespace, Name: key.Name}
	gateway, accepted := v.gateway(ref)
	if gateway == nil {
		return nil
	}
	self := ir.Target{Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name}
	unit := &ir.Unit{Key: key, Participants: []ir.Participant{{
		Object: ref, Generation: gateway.Source.Generation, Target: self, On: self,
	}}}
	if accepted {
		unit.Gateway = gateway
	}
	return unit
}
