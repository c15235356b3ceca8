package linkerd

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/translatortest"
)

// counter does with the limit of a Server what a proxy was seen to do: a second's
// worth is there at first, and comes back evenly.
type counter struct {
	perSecond, left float64
	last            time.Duration
}

func newCounter(objects []translators.Object, serverName string) *counter {
	for _, obj := range objects {
		if p, ok := obj.Object.(*rateLimitPolicy); ok && p.Spec.TargetRef.Kind == "Server" && p.Spec.TargetRef.Name == serverName {
			n := float64(p.Spec.Total.RequestsPerSecond)
			return &counter{perSecond: n, left: n}
		}
	}
	return nil
}

func (c *counter) answer(at time.Duration) int {
	c.left = min(c.perSecond, c.left+(at-c.last).Seconds()*c.perSecond)
	if c.last = at; c.left < 1 {
		return 429
	}
	c.left--
	return 200
}

func limitOfRatings(requests int32, per time.Duration) *ir.RateLimit {
	source := ir.Source{Ref: ir.Ref{Kind: "TrafficPolicy", Namespace: translatortest.Namespace, Name: "ratings"}}
	return &ir.RateLimit{Requests: requests, Per: metav1.Duration{Duration: per}, Source: source.At("spec.rateLimit")}
}

// TestLimitCountsAsSeen sends what was sent to a real one: 1000 requests within
// 0.4 seconds at a limit of 50 per second.
func TestLimitCountsAsSeen(t *testing.T) {
	u := translatortest.NewGen(1).AccessUnit().Access
	u.Targets = u.Targets[:1]
	u.Targets[0].Rules, u.NamespaceRules, u.Default = ir.AccessRules{}, nil, ir.AccessAllow
	u.Targets[0].RateLimit = limitOfRatings(3000, time.Minute)
	result := translateAccess(translators.Env{}, u)
	servers := loadInbound(result.Objects, "").servers
	if len(servers) != 1 || servers[0].Spec.Port != translatortest.HTTPPort {
		t.Fatalf("%d Servers, want one at the HTTP port", len(servers))
	}
	c := newCounter(result.Objects, servers[0].Name)
	if c == nil {
		t.Fatal("nothing is counted at the Server")
	}
	got := map[int]int{}
	const requests, within = 1000, 400 * time.Millisecond
	for i := range requests {
		got[c.answer(within*time.Duration(i+1)/requests)]++
	}
	if got[200] < 69 || got[200] > 71 || got[200]+got[429] != requests {
		t.Errorf("answers: %v, want about 70 of 200 and the rest 429", got)
	}
}

func TestLimitsAreWholeNumbersPerSecond(t *testing.T) {
	tests := []struct {
		requests int32
		per      time.Duration
		want     int64
		ok       bool
	}{
		{100, time.Second, 100, true},
		{600, time.Minute, 10, true},
		{7200, time.Hour, 2, true},
		{100, time.Minute, 0, false},
		{59, time.Minute, 0, false},
		{2147483647, time.Second, 2147483647, true},
	}
	for _, tt := range tests {
		limit := limitOfRatings(tt.requests, tt.per)
		if got, ok := perSecond(limit); ok != tt.ok || got != tt.want {
			t.Errorf("%d in %s: %d per second, %v; want %d, %v", tt.requests, tt.per, got, ok, tt.want, tt.ok)
		}
		unit := &ir.ServiceUnit{Service: ir.Service{Name: "ratings", Selector: map[string]string{"app": "ratings"}}}
		unit.Service.Ports = []ir.Port{{Number: 80, Protocol: ir.ProtocolHTTP, Targets: []int32{8080}}}
		unit.Destination.RateLimit = limit
		issues := limitIssues(unit)
		if refused := slices.ContainsFunc(issues, func(i ir.Issue) bool { return i.Effect == ir.EffectRejected }); refused == tt.ok {
			t.Errorf("%d in %s: refused: %v", tt.requests, tt.per, issues)
		}
		if unit.Service.Selector = nil; len(limitIssues(unit)) != 1 {
			t.Errorf("the limit of a Service without a selector is not refused")
		}
	}
}

// limitedCase is an access case some of whose Services have limits, or have
// nothing else.
func limitedCase(seed uint64) accessCase {
	c := newAccessCase(seed)
	r := rand.New(rand.NewPCG(seed, seed))
	u := c.unit.Access
	for i := range u.Targets {
		if r.IntN(2) == 0 {
			u.Targets[i].Rules = ir.AccessRules{}
		}
		u.Targets[i].RateLimit = limitOfRatings(1+r.Int32N(100), time.Second)
	}
	if r.IntN(2) == 0 {
		u.NamespaceRules = nil
	}
	return c
}

// limitChanges compares whom a unit admits with and without its limits, by every
// caller there is. The first difference is returned, and a Server that should be
// counted at and is not.
func limitChanges(seed uint64, objects alterObjects) string {
	c := limitedCase(seed)
	with, ns := translatortest.Clone(c.unit.Access), c.namespace()
	without := translatortest.Clone(with)
	for i := range without.Targets {
		without.Targets[i].RateLimit = nil
	}
	whole := translateNamespace(c.env, ns).Objects
	said := slices.Concat(translateAccess(c.env, with).Objects, whole)
	if objects != nil {
		said = objects(said)
	}
	fallback := defaultOf(c.env, with)
	if fallback == "" {
		fallback = inboundAllUnauthenticated
	}
	limited := loadInbound(said, fallback)
	plain := loadInbound(slices.Concat(translateAccess(c.env, without).Objects, whole), fallback)
	g := translatortest.NewGen(seed + 1<<32)
	for range requestsPerAccess {
		pod, req, from := c.request(g)
		want, wrong := plain.answer(pod, &req, from)
		got, err := limited.answer(pod, &req, from)
		if wrong != nil || err != nil || got.status != want.status {
			return fmt.Sprintf("seed %d: with limits %+v, %v; without %+v, %v; labels %v request %s", seed, got, err, want, wrong, pod.Labels, accessJSON(req))
		}
	}
	if defaultOf(c.env, with) == "" {
		return ""
	}
	for _, s := range limited.servers {
		if s.Spec.Port == translatortest.HTTPPort && selectsPod(s.Spec.PodSelector, with.Targets[0].Workloads[0].Labels) && newCounter(said, s.Name) == nil {
			return fmt.Sprintf("seed %d: nothing is counted at Server %s", seed, s.Name)
		}
	}
	return ""
}

func TestLimitsChangeNobodysAccess(t *testing.T) {
	for range accessUnits {
		if diff := limitChanges(rand.Uint64(), nil); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestLimitPropertyNoticesMutations(t *testing.T) {
	tests := map[string]alterObjects{
		"a Server of a limit admits nobody by itself": eachObject(func(o *server) { o.Spec.AccessPolicy = inboundDeny }),
		"a Server of a limit admits everybody":        eachObject(func(o *server) { o.Spec.AccessPolicy = inboundAllUnauthenticated }),
		"limits are forgotten":                        withoutObjects(func(*rateLimitPolicy) bool { return true }),
		"limits are of another Server":                eachObject(func(o *rateLimitPolicy) { o.Spec.TargetRef.Name = "other" }),
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(accessSearches) {
				if limitChanges(seed, change) != "" {
					return
				}
			}
			t.Errorf("the mutation went unnoticed in %d units", accessSearches)
		})
	}
}

// TestLimitsOfGatewaysAreWithheld asks that the proxies of IngressGateways, which
// have Servers of the namespace's, get no other.
func TestLimitsOfGatewaysAreWithheld(t *testing.T) {
	u := translatortest.NewGen(1).AccessUnit().Access
	u.Targets, u.NamespaceRules, u.Default, u.Gateways = u.Targets[:1], nil, "", true
	u.Targets[0].Rules, u.Targets[0].RateLimit = ir.AccessRules{}, limitOfRatings(50, time.Second)
	result := translateAccess(translators.Env{Facts: map[string]string{FactDefaultInboundPolicy: inboundAllUnauthenticated}}, u)
	withheld := slices.ContainsFunc(result.Issues, func(i ir.Issue) bool { return i.Effect == ir.EffectWithheld && i.Code == codeLimitWithheld })
	if len(result.Objects) > 0 || !withheld {
		t.Errorf("%d objects, issues %v", len(result.Objects), result.Issues)
	}
}
