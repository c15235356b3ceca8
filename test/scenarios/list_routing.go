package scenarios

import (
	"net/http"

	"github.com/meshloom/meshloom/test/load"
)

// echo is the Service that most scenarios are about.
const echo = "http://echo.routing:8080"

// slow is how often requests are sent that each take a second.
const slow = 16

func get(url string, headers ...string) load.Options {
	o := load.Options{URL: url, Header: http.Header{}}
	for i := 0; i+1 < len(headers); i += 2 {
		o.Header.Add(headers[i], headers[i+1])
	}
	return o
}

func method(m, url string) load.Options { return load.Options{URL: url, Method: m} }

// inside are checks from the client in the mesh.
func inside(name string, send load.Options) Check { return Check{Name: name, From: Client, Send: send} }

func splits() []Scenario {
	return []Scenario{
		{Name: "unrouted", Checks: []Check{inside("all versions answer", get(echo+"/"))}},
		{Name: "split-subsets", Checks: []Check{
			inside("75/25", get(echo+"/")),
			inside("header sends to v3", get(echo+"/", "end-user", "jason")),
		}},
		{Name: "split-services", Checks: []Check{inside("40/60", get(echo+"/"))}},
	}
}

func matches() []Scenario {
	return []Scenario{{Name: "matches", Checks: []Check{
		inside("exact path", get(echo+"/exact")),
		inside("exact path, longer", get(echo+"/exact/x")),
		inside("prefix itself", get(echo+"/api")),
		inside("prefix and more", get(echo+"/api/x")),
		inside("prefix within an element", get(echo+"/apix")),
		inside("path regex", get(echo+"/item/42")),
		inside("path regex, longer", get(echo+"/item/42/x")),
		inside("header", get(echo+"/", "x-group", "beta")),
		inside("header of another value", get(echo+"/", "x-group", "betas")),
		inside("header regex", get(echo+"/", "x-trace", "abc-123")),
		inside("header regex within a value", get(echo+"/", "x-trace", "1 abc-123")),
		inside("query", get(echo+"/?flag=on")),
		inside("query of another value", get(echo+"/?flag=off")),
		inside("method", method(http.MethodPut, echo+"/")),
		inside("path and header", get(echo+"/both", "x-both", "yes")),
		inside("path without header", get(echo+"/both")),
	}}}
}

func filters() []Scenario {
	return []Scenario{
		{Name: "headers", Checks: []Check{
			inside("request and response headers", get(echo+"/", "x-set", "old", "x-add", "old", "x-gone", "old")),
		}},
		{Name: "rewrites", Checks: []Check{
			inside("whole path", get(echo+"/whole/x")),
			inside("prefix", get(echo+"/old/x")),
			inside("prefix alone", get(echo+"/old")),
			inside("prefix to the root", get(echo+"/root/x")),
			inside("host", get(echo+"/host")),
		}},
		{Name: "redirects", Checks: []Check{
			inside("host and status", get(echo+"/moved")),
			inside("scheme, port and prefix", get(echo+"/away/x")),
		}},
		{Name: "cors", Checks: []Check{{
			Name: "preflight", From: Client,
			Send: load.Options{URL: echo + "/", Method: http.MethodOptions, Header: http.Header{
				"Origin": {"https://shop.example"}, "Access-Control-Request-Method": {"PUT"},
			}},
		}}},
		{Name: "mirror", Checks: []Check{{
			Name: "every request is copied", From: Client, Send: get(echo + "/copied"), Times: 200,
			Arrivals: &Arrivals{At: "http://shadow.routing:8080", PerRequest: 1},
		}}},
	}
}

func policies() []Scenario {
	tries := &Arrivals{At: "http://echo-v1.routing:8080", PerRequest: 3}
	once := &Arrivals{At: "http://echo-v1.routing:8080", PerRequest: 1}
	return []Scenario{
		{Name: "timeout", Checks: []Check{
			{Name: "slow answer", From: Client, Send: get(echo + "/?delay=1s"), Times: slow},
			inside("quick answer", get(echo+"/")),
		}},
		{Name: "retry", Checks: []Check{
			{Name: "two retries", From: Client, Send: get(echo + "/?fail=503"), Arrivals: tries},
			{Name: "none for another status", From: Client, Send: get(echo + "/?fail=500"), Arrivals: once},
		}},
		{Name: "no-retry", Checks: []Check{{Name: "none at all", From: Client, Send: get(echo + "/?fail=503"), Arrivals: once}}},
		{Name: "fault", Checks: []Check{
			inside("abort 10 %", get(echo+"/abort")),
			{Name: "delay 200 ms", From: Client, Send: get(echo + "/delay"), Slower: 200},
		}},
		{Name: "hash", Checks: []Check{{
			Name: "one server for one value", From: Client, Send: get(echo+"/", "x-session", "s1"), Times: 200, Alike: true,
		}}},
		{Name: "outlier", Checks: []Check{{
			Name: "the failing server is left out", From: Client, Send: get("http://flaky.routing:8080/"), Times: 400, Warm: 200,
			Want: &Outcome{Statuses: map[string]float64{"200": 1}, Answerers: map[string]float64{"flaky-v1": 1}},
		}}},
	}
}
