package controllers

import (
	"context"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/controllers/ingress"
	"github.com/meshloom/meshloom/controllers/mesh"
	"github.com/meshloom/meshloom/controllers/traffic"
	"github.com/meshloom/meshloom/internal/status"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// writeStatus computes the status of one object and writes it if it differs.
// While a unit that speaks of the object has yet to run it does nothing: the
// end of that run has it called again.
func (a *assembly) writeStatus(ctx context.Context, ref ir.Ref) (time.Duration, error) {
	subject, complete := a.subject(ref)
	if subject.Object == nil {
		a.statusWriter.Forget(ref)
		return 0, nil
	}
	if !complete {
		return 0, nil
	}
	next := a.statusOf(subject)
	if next == nil {
		return 0, nil
	}
	return 0, a.statusWriter.Write(ctx, ref, subject.Object, next)
}

// subject gathers all that the status of an object depends on, and says
// whether it is all there.
func (a *assembly) subject(ref ir.Ref) (subject status.Subject, complete bool) {
	subject = status.Subject{Ref: ref, Now: metav1.NewTime(time.Now().Truncate(time.Second))}
	a.watches.Consistent(func() {
		object, ok := a.store.Object(ref)
		if !ok {
			return
		}
		subject.Object = a.statusWriter.Latest(ref, object)
		subject.Reports, complete = a.joiner.Of(ref)
		subject.Unplaced, subject.Checked = a.store.Check(ref)
	})
	return subject, complete
}

// statusOf returns a copy of the subject's object with the status it is to have.
func (a *assembly) statusOf(s status.Subject) client.Object {
	switch o := s.Object.(type) {
	case *v1alpha1.Mesh:
		m, _ := a.store.Mesh(o.Name)
		seen := mesh.Seen{Namespace: m.ControlPlaneNamespace}
		if p := a.provider(string(o.Spec.Provider)); p != nil && p.Mesh != nil {
			seen.Offered, seen.Observation = true, a.observe(p, true, seen.Namespace)
			seen.Facts, seen.GatewayAPI = p.Facts, a.definitions.GatewayAPI()
		}
		seen.Held, seen.Of = a.guard.Holding(o.Name)
		return mesh.Status(s, seen)
	case *v1alpha1.IngressController:
		c, _ := a.store.Controller(o.Name)
		seen := ingress.Seen{Namespace: c.Namespace, Gateways: a.gateways(o.Name)}
		if p := a.provider(string(o.Spec.Provider)); p != nil && p.Ingress != nil {
			seen.Offered, seen.Observation = true, a.observe(p, false, seen.Namespace)
			seen.GatewayAPI = a.definitions.GatewayAPI()
		}
		return ingress.ControllerStatus(s, seen)
	case *v1alpha1.IngressGateway:
		return ingress.GatewayStatus(s)
	default:
		return traffic.Status(s)
	}
}

func (a *assembly) provider(name string) *translators.Provider {
	for i := range a.opts.Providers {
		if a.opts.Providers[i].Name == name {
			return &a.opts.Providers[i]
		}
	}
	return nil
}

func (a *assembly) observe(p *translators.Provider, isMesh bool, namespace string) *translators.Observation {
	if p.Observe == nil || namespace == "" {
		return nil
	}
	return p.Observe(isMesh, a.running.In(namespace))
}

// gateways counts the IngressGateways of a controller.
func (a *assembly) gateways(controller string) int32 {
	count := int32(0)
	for _, ref := range a.store.Refs(v1alpha1.KindIngressGateway) {
		object, _ := a.store.Object(ref)
		if g, ok := object.(*v1alpha1.IngressGateway); ok && string(g.Spec.ControllerRef.Name) == controller {
			count++
		}
	}
	return count
}

// plural is the resource of a built-in kind.
func plural(kind schema.GroupVersionKind) string {
	resource, _ := meta.UnsafeGuessKindToResource(kind)
	return strings.ToLower(resource.Resource)
}
