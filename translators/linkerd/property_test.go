package linkerd

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
	"github.com/meshloom/meshloom/translators/translatortest"
)

const (
	propertyUnits = 6000
	requestsEach  = 8
	// leastPairs of a unit and a request have to be compared: units that Linkerd
	// cannot say are none.
	leastPairs = 10000
)

// seeds of units that were translated wrong once, or were hard to.
var seeds = []uint64{0, 7, 31, 66, 1024, 77777, 4294967291}

// alter changes routes before they are read, to see whether a property notices;
// nil changes nothing.
type alter func([]*gatewayv1.HTTPRoute)

// trial is one comparison of random units with their translations.
type trial struct {
	seed   uint64
	change alter
	// pairs counts what was compared.
	pairs int
}

// unit is the random unit of the trial.
func (t *trial) unit() *ir.Unit {
	g := translatortest.NewGen(t.seed)
	g.Without = map[ir.Feature]bool{}
	for feature, support := range trafficSupports() {
		g.Without[feature] = support.Level == translators.Unsupported
	}
	return g.ServiceUnit()
}

// differs returns how a request to the unit fares otherwise than it means, with
// routes of any age.
func (t *trial) differs(u *ir.Unit) string {
	result := translateService(translators.Env{}, u.Service)
	if rejected(result.Issues) {
		return ""
	}
	g := translatortest.NewGen(t.seed)
	routes := routesOf(result.Objects)
	for _, r := range routes {
		r.CreationTimestamp = metav1.NewTime(time.Unix(int64(g.IntN(3)), 0))
	}
	if t.change != nil {
		t.change(routes)
	}
	service := ir.ServiceName{Namespace: u.Service.Service.Namespace, Name: u.Service.Service.Name}
	for range requestsEach {
		req := g.Request(u)
		req.Path = "/" + strings.TrimPrefix(req.Path, "/")
		want, got := eval.Service(u.Service, req), t.reader(u.Service, servicesOf(result.Objects)).Decide(routes, service, req)
		t.pairs++
		if diff := gocmp.Diff(meaning(&want), meaning(&got)); diff != "" {
			return fmt.Sprintf("(-want +got)\n%s\nrequest %s\nunit %s\nroutes %s", diff, text(req), text(u), text(routes))
		}
	}
	return ""
}

// reader ranks matches as Linkerd does and, for every other seed, as the Gateway
// API says, where it says something: routes mean the same either way.
func (t *trial) reader(u *ir.ServiceUnit, made []*corev1.Service) translatortest.RouteReader {
	out := reader(u, made)
	expressions := slices.ContainsFunc(u.Ports, func(p ir.PortRoutes) bool {
		return slices.ContainsFunc(p.Routes, func(r ir.Route) bool { return isRegex(&r.Match) })
	})
	if t.seed%2 == 1 && !expressions {
		out.Compare = nil
	}
	return out
}

// fails compares the unit of the seed, and returns the smallest unit that fares
// otherwise.
func (t *trial) fails() string {
	u := t.unit()
	diff := t.differs(u)
	if diff == "" {
		return ""
	}
	small := translatortest.Shrink(u, func(u *ir.Unit) bool { return t.differs(u) != "" })
	return cmp.Or(t.differs(small), diff)
}

// outcome is what can be seen of a decision: which part of the requests goes
// where in which form, or is answered how.
type outcome struct {
	Location       string
	Parts          map[string]float64
	Timeout        time.Duration
	Retries        int32
	RetriedCodes   []int32
	Copies         int
	HasFault, CORS bool
}

func meaning(d *eval.Decision) outcome {
	out := outcome{Location: d.Location, Parts: map[string]float64{}, Copies: len(d.Copies), HasFault: d.Fault != nil, CORS: d.CORS != nil}
	if d.Status != 0 {
		out.Parts[fmt.Sprint(d.Status)] = 1
	}
	everywhereInvalid := true
	for _, s := range d.Shares {
		key := fmt.Sprint(s.Status)
		if s.Status == 0 {
			everywhereInvalid = false
			key = text(s.To) + text(s.Request) + text(s.Answer(map[string]string{"x-user": "answered", "x-zone": "answered"}))
		}
		out.Parts[key] += s.Part.Float()
	}
	if everywhereInvalid {
		// Nothing is sent, so that no limit of it can be seen.
		return out
	}
	if d.Timeout != nil {
		out.Timeout = *d.Timeout
	}
	if r := d.Retry; retries(r) {
		out.Retries, out.RetriedCodes = 1, slices.Clone(r.Codes)
		if r.Attempts != nil {
			out.Retries = *r.Attempts
		}
		if len(r.Codes) == 0 {
			out.RetriedCodes = []int32{502, 503, 504}
		}
	}
	return out
}

func rejected(issues []ir.Issue) bool {
	return slices.ContainsFunc(issues, func(i ir.Issue) bool { return i.Effect == ir.EffectRejected })
}

func routesOf(objects []translators.Object) []*gatewayv1.HTTPRoute {
	var out []*gatewayv1.HTTPRoute
	for _, obj := range objects {
		if r, ok := obj.Object.(*gatewayv1.HTTPRoute); ok {
			out = append(out, r)
		}
	}
	return out
}

func servicesOf(objects []translators.Object) []*corev1.Service {
	var out []*corev1.Service
	for _, obj := range objects {
		if s, ok := obj.Object.(*corev1.Service); ok {
			out = append(out, s)
		}
	}
	return out
}

func text(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

func TestServicesAreRoutedAsMeant(t *testing.T) {
	pairs := 0
	run := func(seed uint64) {
		trial := trial{seed: seed}
		if diff := trial.fails(); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
		pairs += trial.pairs
	}
	for _, seed := range seeds {
		run(seed)
	}
	for seed := range uint64(propertyUnits) {
		run(seed)
	}
	t.Logf("%d pairs of a unit and a request", pairs)
	if pairs < leastPairs {
		t.Errorf("%d pairs were compared, want %d: too many units are refused", pairs, leastPairs)
	}
}
