package gatewayapi

import (
	"fmt"
	"math/big"
	"reflect"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

const (
	// maxWeight is the largest weight of a backend.
	maxWeight = 1_000_000
	// maxBackends is how many backends a rule may have.
	maxBackends = 16
	// NoService is the name of a backend that cannot exist: no Service has a dot
	// in its name. What is sent there is answered 500, as the API demands of
	// references that do not resolve.
	NoService = "no.service"
	// noPort is the port of NoService: the API wants one.
	noPort = 1
)

// BackendRefs says backends. Those that get nothing are left out, those that do
// not resolve are NoService, and where none is left all requests go to it: a rule
// without backends would send them to the parent. The issues name what cannot
// be said, which is then not in the result.
func BackendRefs(backends []ir.Backend, s Setting) (refs []gatewayv1.HTTPBackendRef, issues []ir.Issue) {
	live := merged(backends)
	for i, w := range scale(live) {
		b := &live[i]
		if w == 0 {
			issues = append(issues, reject(b.Source, ir.SplitByService,
				"weight %d is too small beside the others for the Gateway API, where weights go up to %d: raise it, or use 0", b.Weight, maxWeight))
			continue
		}
		ref := gatewayv1.HTTPBackendRef{BackendRef: gatewayv1.BackendRef{BackendObjectReference: backendObject(b, s), Weight: &w}}
		filters, left := headerFilters(b.Filters, s.May.BackendHeaders, s.May.BackendHeaders)
		ref.Filters = filters
		for _, m := range []*ir.HeaderModifier{left.RequestHeaders, left.ResponseHeaders} {
			if m != nil {
				issues = append(issues, reject(m.Source, ir.BackendHeaders, "headers of a single backend cannot be changed: change them for the whole rule"))
			}
		}
		refs = append(refs, ref)
	}
	if len(refs) > maxBackends {
		issues = append(issues, reject(live[maxBackends].Source, ir.SplitByService, "a rule has at most %d backends: leave some out", maxBackends))
		refs = refs[:maxBackends]
	}
	if len(live) == 0 {
		one := int32(1)
		nowhere := backendObject(&ir.Backend{Invalid: true}, s)
		refs = []gatewayv1.HTTPBackendRef{{BackendRef: gatewayv1.BackendRef{BackendObjectReference: nowhere, Weight: &one}}}
	}
	return refs, issues
}

// merged returns the backends that get requests; those that differ in nothing
// but weight are one. Nothing is changed on the way to a backend that does not
// resolve.
func merged(backends []ir.Backend) []ir.Backend {
	var live []ir.Backend
	for _, b := range backends {
		if b.Weight <= 0 {
			continue
		}
		if b.Invalid {
			b = ir.Backend{Invalid: true, Weight: b.Weight, Source: b.Source}
		}
		same := -1
		for i := range live {
			if sameService(&live[i], &b) && reflect.DeepEqual(live[i].Service, b.Service) && reflect.DeepEqual(live[i].Filters, b.Filters) {
				same = i
			}
		}
		if same < 0 {
			live = append(live, b)
		} else {
			live[same].Weight += b.Weight
		}
	}
	return live
}

func sameService(a, b *ir.Backend) bool { return BackendName("", a) == BackendName("", b) }

// scale returns weights in the same proportions that the API can hold: as they
// are where they fit, else divided by their common divisor, else rounded to
// millionths of the largest. A share below half of that becomes 0.
func scale(backends []ir.Backend) []int32 {
	largest, divisor := int64(0), new(big.Int)
	for i := range backends {
		largest = max(largest, backends[i].Weight)
		divisor.GCD(nil, nil, divisor, big.NewInt(backends[i].Weight))
	}
	out := make([]int32, len(backends))
	for i := range backends {
		w := big.NewInt(backends[i].Weight)
		switch {
		case largest <= maxWeight:
		case largest/divisor.Int64() <= maxWeight:
			w.Quo(w, divisor)
		default:
			w.Mul(w, big.NewInt(maxWeight)).Add(w, big.NewInt(largest/2)).Quo(w, big.NewInt(largest))
		}
		out[i] = int32(w.Int64()) //nolint:gosec // at most maxWeight.
	}
	return out
}

// BackendName is the name of the Service that stands for the backend in a mesh.
func BackendName(mesh string, b *ir.Backend) string {
	switch {
	case b.Invalid:
		return NoService
	case b.Subset != "":
		return SubsetName(mesh, b.Service.Name, b.Subset)
	}
	return b.Service.Name
}

// backendObject refers to a backend from a route in the setting.
func backendObject(b *ir.Backend, s Setting) gatewayv1.BackendObjectReference {
	group, kind, port := gatewayv1.Group(""), gatewayv1.Kind("Service"), gatewayv1.PortNumber(noPort)
	ref := gatewayv1.BackendObjectReference{Group: &group, Kind: &kind, Name: gatewayv1.ObjectName(BackendName(s.Mesh, b)), Port: &port}
	if b.Invalid {
		return ref
	}
	port = b.Service.Port.Number
	if b.Service.Namespace != s.Namespace {
		ref.Namespace = optional(gatewayv1.Namespace(b.Service.Namespace))
	}
	return ref
}

// reject says that the Gateway API has no words for what the source asks.
func reject(source ir.Source, feature ir.Feature, format string, args ...any) ir.Issue {
	return ir.Issue{
		Effect: ir.EffectRejected, Source: source, Feature: feature,
		Reason: string(v1alpha1.ReasonUnsupported), Code: translators.CodeRoute, Message: fmt.Sprintf(format, args...),
	}
}
