package scenarios

import "github.com/meshloom/meshloom/test/load"

func outside(name string, send load.Options) Check { return Check{Name: name, From: Web, Send: send} }

// gateways are the pair: the mesh and its ingress together.
func gateways() []Scenario {
	const shop = "http://shop.shop.example"
	return []Scenario{
		{Name: "pair", Checks: []Check{
			inside("75/25 inside", get(echo+"/")),
			outside("75/25 through the gateway", get(shop+"/")),
			inside("rule inside", get(echo+"/", "end-user", "jason")),
			outside("rule through the gateway", get(shop+"/", "end-user", "jason")),
			{Name: "timeout through the gateway", From: Web, Send: get(shop + "/?delay=2s"), Times: slow},
		}},
		{Name: "gateway-hosts", Checks: []Check{
			outside("first host", get("http://one.shop.example/")),
			outside("second host", get("http://two.shop.example/")),
			outside("wildcard", get("http://a.three.shop.example/")),
			outside("host without a route", get("http://four.shop.example/")),
			outside("host of no listener", get("http://one.elsewhere.example/")),
		}},
		{Name: "gateway-routes", Checks: []Check{
			outside("exact path", get(shop+"/exact")),
			outside("prefix", get(shop+"/api/x")),
			outside("prefix within an element", get(shop+"/apix")),
			outside("header", get(shop+"/header", "x-group", "beta")),
			outside("weights", get(shop+"/weights")),
			outside("rewrite", get(shop+"/old/x")),
			outside("redirect", get(shop+"/moved")),
			outside("headers", get(shop+"/headers", "x-gone", "old")),
			outside("no rule", get(shop+"/none")),
		}},
		{Name: "gateway-policies", Checks: []Check{
			{Name: "timeout", From: Web, Send: get(shop + "/slow?delay=1s"), Times: slow},
			outside("abort 10 %", get(shop+"/abort")),
		}},
		{Name: "gateway-access", Checks: []Check{
			{Name: "a gateway that may call", From: Web, Send: get("http://vault.shop.example/open")},
			{Name: "a path that it may not", From: Web, Send: get("http://vault.shop.example/closed")},
			by(Alice, "a member that may not", get(vault+"/open")),
		}},
		{Name: "gateway-tls", Checks: []Check{
			{Name: "TLS with the gateway's certificate", From: Secure, Send: get("https://" + ServerName + "/")},
			{Name: "another name in TLS", From: Secure, Send: get("https://other.shop.example/"), Want: &Outcome{Errors: map[string]float64{"connection reset|connection closed": 1}}},
		}},
	}
}
