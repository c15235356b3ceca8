package gatewayapi_test

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshloom/meshloom/translators/gatewayapi"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
	"github.com/meshloom/meshloom/translators/translatortest"
)

const (
	tables           = 2000
	requestsPerTable = 6
	leastCompared    = 6000
)

// Whatever the order of a table, and whatever the ages of its objects, a request
// is decided by the line that would have decided it in order.
func TestOrderIsKept(t *testing.T) {
	compared := 0
	for seed := range uint64(tables) {
		g := translatortest.NewGen(seed)
		u := g.ServiceUnit()
		routes := u.Service.Ports[0].Routes
		for i := range routes {
			// What a line does is told by its only backend.
			routes[i] = to(fmt.Sprintf("line-%d", i), routes[i].Match)
		}
		o := gatewayapi.Ordering{Precedence: byKind, Object: func(r *ir.Route) string { return r.Rule[len(r.Rule)-1:] }}
		if seed%2 == 0 {
			o.Object = nil
		}
		lines, issues := gatewayapi.Order(routes, o)
		if len(issues) > 0 {
			continue
		}
		objects := objectsOf(lines, o)
		for _, obj := range objects {
			obj.CreationTimestamp = metav1.NewTime(time.Unix(int64(g.IntN(3)), 0))
		}
		for range requestsPerTable {
			req := g.Request(u)
			want := eval.Table(routes, req).Shares[0].To.Name
			got := translatortest.RouteReader{}.Decide(objects, ir.ServiceName{Namespace: "shop", Name: "reviews"}, req)
			if compared++; len(got.Shares) != 1 || got.Shares[0].To.Name != want {
				t.Fatalf("seed %d: %+v is decided by %+v, want %s; lines %+v", seed, req, got.Shares, want, lines)
			}
		}
	}
	if compared < leastCompared {
		t.Errorf("%d requests were compared, want %d: too many tables are refused", compared, leastCompared)
	}
}

func objectsOf(lines []gatewayapi.Line, o gatewayapi.Ordering) []*gatewayv1.HTTPRoute {
	var out []*gatewayv1.HTTPRoute
	byObject := map[string][]gatewayapi.Line{}
	for _, l := range lines {
		byObject[l.Object] = append(byObject[l.Object], l)
	}
	for key, group := range byObject {
		rules := gatewayapi.Rules(group, func(r *ir.Route) gatewayv1.HTTPRouteRule {
			refs, _ := gatewayapi.BackendRefs(r.Backends, gatewayapi.Setting{Namespace: "shop"})
			return gatewayv1.HTTPRouteRule{BackendRefs: refs}
		})
		meta := gatewayapi.Meta{
			Namespace: "shop", Name: "reviews-" + key,
			Parents: []gatewayv1.ParentReference{gatewayapi.ServiceParent("reviews", translatortest.HTTPPort)},
		}
		objects, _ := gatewayapi.HTTPRoutes(meta, rules, o)
		for _, obj := range objects {
			if route, ok := obj.Object.(*gatewayv1.HTTPRoute); ok {
				out = append(out, route)
			}
		}
	}
	return out
}
