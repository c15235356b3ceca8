package istio

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
	"github.com/meshloom/meshloom/translators/translatortest"
)

const (
	propertyUnits    = 3000
	requestsPerUnit  = 8
	mutationSearches = 400
)

// alter changes objects before they are evaluated, to see whether a property
// notices; nil changes nothing.
type alter func([]translators.Object)

// routesAsMeant compares a random service or route unit with its translation
// over random requests. The first difference is returned.
func routesAsMeant(g *translatortest.Gen, unit *ir.Unit, change alter) string {
	var result translators.Result
	port := translatortest.GatewayPort
	if unit.Service != nil {
		result, port = translateService(translators.Env{}, unit.Service), translatortest.HTTPPort
	} else {
		result = translateRoute(translators.Env{}, unit.Route, nil)
	}
	if rejected(result.Issues) {
		return ""
	}
	if change != nil {
		change(result.Objects)
	}
	vs := virtualServiceOf(result.Objects)
	for range requestsPerUnit {
		req := g.Request(unit)
		req.Path = "/" + strings.TrimPrefix(req.Path, "/")
		if g.IntN(20) == 0 {
			req.Method, req.Headers["origin"], req.Headers["access-control-request-method"] = "OPTIONS", "https://a.example.com", "GET"
		}
		var want eval.Decision
		if unit.Service != nil {
			want = eval.Service(unit.Service, req)
		} else {
			want = eval.Route(unit.Route, req)
		}
		if diff := differs(&vs.Spec, port, req, want); diff != "" {
			return fmt.Sprintf("%s\nrequest %s\nunit %s\nis %s", diff, text(req), text(unit), text(vs))
		}
	}
	return ""
}

// rejected says whether a part of the unit is not in force.
func rejected(issues []ir.Issue) bool {
	return slices.ContainsFunc(issues, func(i ir.Issue) bool { return i.Effect == ir.EffectRejected || i.Effect == ir.EffectPartial })
}

func virtualServiceOf(objects []translators.Object) *networkingv1.VirtualService {
	for _, obj := range objects {
		if vs, ok := obj.Object.(*networkingv1.VirtualService); ok {
			return vs
		}
	}
	return &networkingv1.VirtualService{}
}

func text(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

func TestServicesAreRoutedAsMeant(t *testing.T) {
	for seed := range uint64(propertyUnits) {
		g := translatortest.NewGen(seed)
		if diff := routesAsMeant(g, g.ServiceUnit(), nil); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
}

func TestGatewaysRouteAsMeant(t *testing.T) {
	for seed := range uint64(propertyUnits) {
		g := translatortest.NewGen(seed)
		if diff := routesAsMeant(g, g.RouteUnit(), nil); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
}
