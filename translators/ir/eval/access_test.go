package eval_test

import (
	"testing"

	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
)

func identity(namespace, account string) *ir.Identity {
	return &ir.Identity{Namespace: namespace, ServiceAccount: account}
}

func TestDecide(t *testing.T) {
	web, cron := identity("shop", "web"), identity("batch", "cron")
	onlyWeb := ir.AccessRule{From: []ir.Caller{{Identities: []ir.Identity{*web}}}}
	anyone := ir.AccessRule{From: []ir.Caller{{Anyone: true}}}
	get := ir.Operation{Methods: []string{"GET"}, Paths: []ir.PathMatch{{Type: ir.PathPrefix, Value: "/ok"}}}
	request := func(id *ir.Identity) eval.Request {
		return eval.Request{Method: "GET", Path: "/ok/x", Port: 80, Caller: id}
	}
	opaque := eval.Request{Port: 80, Opaque: true, Caller: web}
	tests := []struct {
		name     string
		rules    []*ir.AccessRules
		fallback ir.AccessDefault
		request  eval.Request
		want     eval.Outcome
		why      eval.Why
	}{
		{"nothing is said, the default admits", nil, ir.AccessAllow, request(nil), eval.Allowed, eval.ByDefault},
		{"nothing is said, the default denies", nil, ir.AccessDeny, request(web), eval.Denied, eval.ByDefault},
		{"nothing is said at all", nil, "", request(web), eval.MeshDefault, eval.ByDefault},
		{"an Allow matches", []*ir.AccessRules{{Allow: []ir.AccessRule{onlyWeb}}}, ir.AccessDeny, request(web), eval.Allowed, eval.ByAllowRule},
		{"an Allow closes for others", []*ir.AccessRules{{Allow: []ir.AccessRule{onlyWeb}}}, ir.AccessAllow, request(cron), eval.Denied, eval.ByNoAllowRule},
		{"an Allow without rules closes", []*ir.AccessRules{{AllowSelected: true}}, ir.AccessAllow, request(web), eval.Denied, eval.ByNoAllowRule},
		{"plaintext has no identity", []*ir.AccessRules{{Allow: []ir.AccessRule{onlyWeb}}}, ir.AccessAllow, request(nil), eval.Denied, eval.ByNoAllowRule},
		{"a Deny beats an Allow", []*ir.AccessRules{{Allow: []ir.AccessRule{anyone}}, {Deny: []ir.AccessRule{onlyWeb}}}, ir.AccessAllow, request(web), eval.Denied, eval.ByDenyRule},
		{"a Deny says nothing of others", []*ir.AccessRules{{Deny: []ir.AccessRule{onlyWeb}}}, ir.AccessAllow, request(cron), eval.Allowed, eval.ByDefault},
		{"a closed target", []*ir.AccessRules{{Allow: []ir.AccessRule{anyone}}, {DenyAll: true}}, ir.AccessAllow, request(web), eval.Denied, eval.ByClosed},
		{"targets add up", []*ir.AccessRules{{AllowSelected: true}, {Allow: []ir.AccessRule{onlyWeb}}}, ir.AccessDeny, request(web), eval.Allowed, eval.ByAllowRule},
		{
			"operations narrow",
			[]*ir.AccessRules{{Allow: []ir.AccessRule{{From: anyone.From, To: []ir.Operation{{Methods: []string{"POST"}}}}}}},
			ir.AccessAllow, request(web), eval.Denied, eval.ByNoAllowRule,
		},
		{"operations match", []*ir.AccessRules{{Allow: []ir.AccessRule{{From: anyone.From, To: []ir.Operation{get}}}}}, ir.AccessDeny, request(nil), eval.Allowed, eval.ByAllowRule},
		{"an Allow by path admits nothing opaque", []*ir.AccessRules{{Allow: []ir.AccessRule{{From: anyone.From, To: []ir.Operation{get}}}}}, ir.AccessAllow, opaque, eval.Denied, eval.ByNoAllowRule},
		{"a Deny by path denies all that is opaque", []*ir.AccessRules{{Deny: []ir.AccessRule{{From: anyone.From, To: []ir.Operation{get}}}}}, ir.AccessAllow, opaque, eval.Denied, eval.ByDenyRule},
		{
			"ports still count for what is opaque",
			[]*ir.AccessRules{{Deny: []ir.AccessRule{{From: anyone.From, To: []ir.Operation{{Methods: []string{"GET"}, Ports: []int32{81}}}}}}},
			ir.AccessAllow, opaque, eval.Allowed, eval.ByDefault,
		},
		{"no callers match nobody", []*ir.AccessRules{{Allow: []ir.AccessRule{{}}}}, ir.AccessAllow, request(web), eval.Denied, eval.ByNoAllowRule},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := eval.Decide(tt.rules, tt.fallback, tt.request); got.Outcome != tt.want || got.Why != tt.why {
				t.Errorf("Decide = %+v, want %s by %s", got, tt.want, tt.why)
			}
		})
	}
}

func TestCallers(t *testing.T) {
	web, cron := identity("shop", "web"), identity("batch", "cron")
	tests := []struct {
		name   string
		caller ir.Caller
		deny   bool
		yes    []*ir.Identity
		no     []*ir.Identity
	}{
		{"anyone", ir.Caller{Anyone: true}, false, []*ir.Identity{nil, web}, nil},
		{"member", ir.Caller{Member: true}, false, []*ir.Identity{web, cron}, []*ir.Identity{nil}},
		{"identity", ir.Caller{Identities: []ir.Identity{*web}}, false, []*ir.Identity{web}, []*ir.Identity{nil, cron, identity("batch", "web")}},
		{"no identity left", ir.Caller{Identities: []ir.Identity{}}, false, nil, []*ir.Identity{nil, web}},
		{"namespace", ir.Caller{Namespaces: []string{"batch"}}, false, []*ir.Identity{cron}, []*ir.Identity{nil, web}},
		{"all must hold", ir.Caller{Namespaces: []string{"batch"}, Identities: []ir.Identity{*web}}, false, nil, []*ir.Identity{nil, web, cron}},
		{"anyone of a namespace has an identity", ir.Caller{Anyone: true, Namespaces: []string{"batch"}}, false, []*ir.Identity{cron}, []*ir.Identity{nil, web}},
		{"unidentified in Deny", ir.Caller{Identities: []ir.Identity{*web}, Unidentified: true}, true, []*ir.Identity{nil, web}, []*ir.Identity{cron}},
		{"unidentified means nothing in Allow", ir.Caller{Identities: []ir.Identity{*web}, Unidentified: true}, false, []*ir.Identity{web}, []*ir.Identity{nil}},
		{"nothing named in Allow", ir.Caller{}, false, nil, []*ir.Identity{nil, web}},
		{"nothing named in Deny", ir.Caller{}, true, []*ir.Identity{nil, web}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rule := ir.AccessRule{From: []ir.Caller{tt.caller}}
			for _, id := range tt.yes {
				if !eval.MatchRule(&rule, &eval.Request{Caller: id}, tt.deny) {
					t.Errorf("%v does not match", id)
				}
			}
			for _, id := range tt.no {
				if eval.MatchRule(&rule, &eval.Request{Caller: id}, tt.deny) {
					t.Errorf("%v matches", id)
				}
			}
		})
	}
}

func TestAccessAddsUpTargets(t *testing.T) {
	web := identity("shop", "web")
	admit := ir.AccessRules{Allow: []ir.AccessRule{{From: []ir.Caller{{Identities: []ir.Identity{*web}}}}}}
	unit := &ir.AccessUnit{
		Default: ir.AccessAllow,
		Targets: []ir.AccessTarget{
			{Service: ir.Service{Name: "all", Selector: map[string]string{"app": "a"}}, Rules: ir.AccessRules{AllowSelected: true}},
			{Service: ir.Service{Name: "v1", Selector: map[string]string{"app": "a", "version": "v1"}}, Rules: admit},
			{Service: ir.Service{Name: "none"}, Rules: ir.AccessRules{DenyAll: true}},
		},
	}
	tests := []struct {
		labels map[string]string
		want   eval.Outcome
	}{
		{map[string]string{"app": "a", "version": "v1"}, eval.Allowed},
		{map[string]string{"app": "a", "version": "v2"}, eval.Denied},
		{map[string]string{"app": "b"}, eval.Allowed},
	}
	for _, tt := range tests {
		if got := eval.Access(unit, tt.labels, eval.Request{Caller: web}); got.Outcome != tt.want {
			t.Errorf("%v: %+v, want %s", tt.labels, got, tt.want)
		}
	}
	unit.NamespaceRules = &ir.AccessRules{Deny: []ir.AccessRule{{From: []ir.Caller{{Anyone: true}}}}}
	if got := eval.Access(unit, tests[0].labels, eval.Request{Caller: web}); got.Outcome != eval.Denied {
		t.Errorf("a Deny of the namespace is lost: %+v", got)
	}
	if got := eval.Namespace(&ir.NamespaceUnit{AccessDefault: ir.AccessDeny, Access: &admit}, eval.Request{Caller: web}); got.Outcome != eval.Allowed {
		t.Errorf("Namespace = %+v, want allowed", got)
	}
}

func TestExternal(t *testing.T) {
	unit := &ir.ExternalUnit{Namespace: "shop", Hosts: []string{"api.pay.example", "*.cdn.example"}, Ports: []ir.ExternalPort{{Port: 443}}}
	tests := []struct {
		namespace, host string
		port            int32
		want            bool
	}{
		{"shop", "api.pay.example", 443, true},
		{"shop", "API.pay.example", 443, true},
		{"shop", "api.pay.example", 80, false},
		{"batch", "api.pay.example", 443, false},
		{"shop", "a.b.cdn.example", 443, true},
		{"shop", "cdn.example", 443, false},
		{"shop", ".cdn.example", 443, false},
	}
	for _, tt := range tests {
		if got := eval.External(unit, tt.namespace, tt.host, tt.port); got != tt.want {
			t.Errorf("External(%q, %q, %d) = %v, want %v", tt.namespace, tt.host, tt.port, got, tt.want)
		}
	}
	unit.MeshWide = true
	if !eval.External(unit, "batch", "api.pay.example", 443) {
		t.Error("a mesh-wide host cannot be reached from another namespace")
	}
	if !eval.MatchHost("*", "x") || eval.MatchHost("*.x", "yx") {
		t.Error("wildcards are wrong")
	}
}
