package scenarios

import (
	"net/http"

	"github.com/meshloom/meshloom/test/load"
)

// vault is the Service that may not be called by everybody.
const vault = "http://vault.access:8080"

func by(who Origin, name string, send load.Options) Check {
	return Check{Name: name, From: who, Send: send}
}

func access() []Scenario {
	all := func(names ...string) []Check {
		var checks []Check
		for i, who := range []Origin{Alice, Bob, Carol} {
			checks = append(checks, by(who, names[i], get(vault+"/")))
		}
		return checks
	}
	return []Scenario{
		{Name: "allow-account", Checks: append(
			all("the named account", "another account", "another namespace"),
			Check{Name: "no member", From: Mallory, Send: get(vault + "/")},
		)},
		{Name: "allow-namespace", Checks: all("a namespace that is not named", "the same", "the named namespace")},
		{Name: "deny", Checks: all("the denied account", "another account", "another namespace")},
		{Name: "deny-beats-allow", Checks: all("allowed and denied", "allowed", "neither")},
		{Name: "allow-operations", Checks: []Check{
			by(Alice, "method and path", get(vault+"/ok")),
			by(Alice, "path below", get(vault+"/ok/x")),
			by(Alice, "path within an element", get(vault+"/okx")),
			by(Alice, "another path", get(vault+"/no")),
			by(Alice, "another method", method(http.MethodPost, vault+"/ok")),
			by(Bob, "another account", get(vault+"/ok")),
		}},
		{Name: "allow-untargeted", Checks: all("a member", "another member", "another namespace")},
	}
}

func meshWide() []Scenario {
	const inPlaintext = "vault.access:8080"
	refused := &Outcome{Errors: map[string]float64{"connection reset": 1}}
	taken := &Outcome{Errors: map[string]float64{"HTTP/1.1 200 OK": 1}}
	proxy := func(status string) *Outcome {
		return &Outcome{Statuses: map[string]float64{status: 1}, Answerers: map[string]float64{"": 1}}
	}
	return []Scenario{
		{Name: "permissive", Checks: []Check{
			{Name: "plaintext from outside the mesh", From: Mallory, Bare: inPlaintext, Times: 20, Want: taken},
		}},
		{Name: "strict", Checks: []Check{
			{Name: "plaintext from outside the mesh", From: Mallory, Bare: inPlaintext, Times: 20, Want: refused},
			by(Alice, "a member", get(vault+"/")),
			{Name: "through the gateway", From: Web, Send: get("http://vault.shop.example/")},
		}},
		{Name: "default-deny", Checks: []Check{
			by(Alice, "an allowed account", get(vault+"/")),
			by(Bob, "an account of which nothing is said", get(vault+"/")),
			inside("a namespace without policies", get(echo+"/")),
			{Name: "the gateway, where no default applies", From: Web, Send: get("http://nowhere.shop.example/")},
		}},
		{Name: "egress", Outside: true, Checks: []Check{
			{Name: "a host that is named", From: Client, Send: get("http://outside.example/"), Want: proxy("200")},
			{Name: "a host that is not", From: Client, Send: get("http://other.example/"), Want: proxy("502")},
			{Name: "the named host from another namespace", From: Carol, Send: get("http://outside.example/"), Want: proxy("502")},
			{Name: "a Service of the mesh", From: Client, Send: get(echo + "/")},
		}},
	}
}
