//go:build e2e

package consul

import (
	"embed"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/meshloom/meshloom/test/load"
	"github.com/meshloom/meshloom/test/scenarios"
)

//go:embed testdata/scenarios
var written embed.FS

// scenario is a file of testdata/scenarios, as users write it, and what has to
// come of requests while it is in force. The first check is one that nothing
// before it passed, so that the others are not counted too early.
type scenario struct {
	name   string
	checks []scenarios.Check
}

// Who calls.
var (
	web   = scenarios.Origin{Namespace: "shop", App: "web"}
	batch = scenarios.Origin{Namespace: "shop", App: "batch"}
	// ratings is called as well.
	ratings = scenarios.Origin{Namespace: "shop", App: "ratings"}
)

// from is a request to reviews that is answered by one server, or refused.
func from(who scenarios.Origin, path, answer string) scenarios.Check {
	c := scenarios.Check{Name: "GET " + path, From: who, Send: load.Options{URL: "http://reviews" + path}}
	c.Want = &scenarios.Outcome{Statuses: map[string]float64{"200": 1}, Answerers: map[string]float64{answer: 1}}
	if answer == "" {
		c.Want.Statuses = map[string]float64{"403": 1}
	}
	return c
}

// anyVersion answers what is not routed.
const anyVersion = "reviews-v1|reviews-v2"

// shares are requests that several servers answer.
func shares(path string, parts map[string]float64) scenarios.Check {
	c := from(web, path, "")
	c.Want = &scenarios.Outcome{Statuses: map[string]float64{"200": 1}, Answerers: parts}
	return c
}

func with(c scenarios.Check, header, value string) scenarios.Check {
	c.Name += " " + header + ": " + value
	if c.Send.Header == nil {
		c.Send.Header = http.Header{}
	}
	c.Send.Header.Set(header, value)
	return c
}

func method(c scenarios.Check, name string) scenarios.Check {
	c.Name, c.Send.Method = name+" "+c.Name[len("GET "):], name
	return c
}

// sees says at which path the server has to see the request.
func sees(c scenarios.Check, path string) scenarios.Check {
	c.Name += " is seen as " + path
	c.Want.Sees = &scenarios.Seen{Host: "reviews", Path: path}
	return c
}

// ends says how requests end, by status, whoever answers.
func ends(path string, times int, parts map[string]float64, arrive int) scenarios.Check {
	c := from(web, path, "")
	c.Times = times
	c.Want = &scenarios.Outcome{Statuses: parts, Answerers: map[string]float64{anyVersion + "|": 1}}
	if arrive > 0 {
		c.Arrivals = &scenarios.Arrivals{At: "reviews", PerRequest: arrive}
	}
	return c
}

// slow is how often requests are sent that each take a second.
const slow = 16

func plays() []scenario {
	return append(routing(), access()...)
}

func routing() []scenario {
	three := map[string]float64{"reviews-v1": 0.75, "reviews-v2": 0.25}
	return []scenario{
		{"split", []scenarios.Check{
			with(from(web, "/", "reviews-v2"), "end-user", "jason"),
			shares("/", three),
			with(shares("/", three), "end-user", "jasons"),
		}},
		{"matches", []scenarios.Check{
			from(web, "/exact", "reviews-v2"),
			from(web, "/exact/x", "reviews-v1"),
			from(web, "/item/42", "reviews-v2"),
			from(web, "/item/42/x", "reviews-v1"),
			with(from(web, "/", "reviews-v2"), "x-trace", "abc-123"),
			with(from(web, "/", "reviews-v1"), "x-trace", "1 abc-123"),
			from(web, "/?flag=on", "reviews-v2"),
			from(web, "/?flag=off", "reviews-v1"),
			method(from(web, "/", "reviews-v2"), http.MethodPut),
			with(shares("/shared", map[string]float64{"reviews-v1": 0.5, "reviews-v2": 0.5}), "x-both", "yes"),
			from(web, "/shared", "reviews-v1"),
		}},
		{"prefixes", []scenarios.Check{
			sees(from(web, "/foo", "reviews-v2"), "/foo"),
			sees(from(web, "/foo/x", "reviews-v2"), "/foo/x"),
			sees(from(web, "/foobar", "reviews-v1"), "/foobar"),
			sees(from(web, "/old", "reviews-v2"), "/new"),
			sees(from(web, "/old/x", "reviews-v2"), "/new/x"),
			sees(from(web, "/older", "reviews-v1"), "/older"),
			sees(from(web, "/root/x", "reviews-v2"), "/x"),
			sees(from(web, "/root", "reviews-v2"), "/"),
		}},
		{"headers", []scenarios.Check{changed(from(web, "/headers", "reviews-v2")), from(web, "/", "reviews-v1")}},
		{"services", []scenarios.Check{shares("/", map[string]float64{anyVersion: 0.2, "ratings-v1": 0.8})}},
		{"itself", []scenarios.Check{
			from(web, "/", "reviews-v2"),
			shares("/any", map[string]float64{"reviews-v1": 0.5, "reviews-v2": 0.5}),
			shares("/some/more", map[string]float64{"ratings-v1": 0.75, "reviews-v1": 0.25}),
			from(web, "/somewhere", "reviews-v2"),
		}},
		{"outlier", []scenarios.Check{healthy(from(web, "/", ""))}},
		{"hash", []scenarios.Check{alike(with(from(web, "/", ""), "x-session", "s1"))}},
		{"timeout", []scenarios.Check{
			ends("/?delay=1s", slow, map[string]float64{"504": 1}, 0),
			ends("/", 0, map[string]float64{"200": 1}, 1),
		}},
		{"patience", []scenarios.Check{
			with(from(web, "/", "reviews-v1"), "in-force", "patience"),
			late(from(web, "/?delay=16s", "reviews-v2"), 16000),
		}},
		{"retry", []scenarios.Check{
			with(from(web, "/", "reviews-v1"), "in-force", "retry"),
			few(ends("/?fail=503", 0, map[string]float64{"503": 1}, 3)),
			few(ends("/?fail=500", 0, map[string]float64{"500": 1}, 1)),
			few(ends("/?fail=503@50", 0, map[string]float64{"200": 0.875, "503": 0.125}, 0)),
		}},
	}
}

// few sends no more requests at a time than Envoy retries at a time, which is
// three: more than that it gives up, and Consul has no word for another limit.
func few(c scenarios.Check) scenarios.Check {
	c.Send.Concurrency = 3
	return c
}

// late is answered after so many milliseconds.
func late(c scenarios.Check, after float64) scenarios.Check {
	c.Times, c.Slower, c.Send.Timeout = atOnce, after, time.Minute
	return c
}

// alike says that one server answers, whichever it is.
func alike(c scenarios.Check) scenarios.Check {
	c.Alike, c.Times = true, 200
	c.Want = &scenarios.Outcome{Statuses: map[string]float64{"200": 1}, Answerers: map[string]float64{anyVersion: 1}}
	return c
}

// healthy sends the request to flaky, until the server that fails is left out.
func healthy(c scenarios.Check) scenarios.Check {
	c.Name += " of flaky"
	c.Send.URL = "http://flaky/"
	c.Times = 400
	c.Want = &scenarios.Outcome{Statuses: map[string]float64{"200": 1}, Answerers: map[string]float64{"flaky-v1": 1}}
	return c
}

// changed adds headers that filters change.
func changed(c scenarios.Check) scenarios.Check {
	c = with(with(with(c, "x-set", "old"), "x-add", "old"), "x-gone", "old")
	c.Name = "GET /headers with and without"
	c.Want.Sees = &scenarios.Seen{Host: "reviews", Path: "/headers", Header: map[string]string{
		"x-set": "new", "x-add": "old,new", "x-gone": "",
	}}
	c.Want.Header = map[string]string{"x-answer": "changed"}
	return c
}

// access begins with what only proxies can say that know of requests, so that
// they answer, and goes on with what they know of connections.
func access() []scenario {
	return []scenario{
		{"operations", []scenarios.Check{
			from(web, "/", ""),
			from(web, "/api", anyVersion),
			from(web, "/api/x", anyVersion),
			from(web, "/apix", ""),
			method(from(web, "/api", ""), http.MethodPost),
			from(batch, "/api", ""),
		}},
		{"deny-operations", []scenarios.Check{
			from(web, "/", anyVersion),
			from(web, "/secret", ""),
			from(web, "/%73ecret", ""),
			from(web, "/x/../secret", ""),
			from(web, "/secret/x", anyVersion),
			method(from(batch, "/api/x", ""), http.MethodPost),
			method(from(batch, "/apix", anyVersion), http.MethodPost),
			from(batch, "/api/x", anyVersion),
			from(batch, "/secret", anyVersion),
			from(ratings, "/", ""),
		}},
		{"deny", []scenarios.Check{from(ratings, "/", anyVersion), from(web, "/", anyVersion), closed(from(batch, "/", ""))}},
		{"allow", []scenarios.Check{closed(from(ratings, "/", "")), from(web, "/", anyVersion), closed(from(batch, "/", ""))}},
		{"default-deny", []scenarios.Check{
			closed(ofRatings(from(web, "/", ""))),
			closed(ofRatings(from(batch, "/", ""))),
			closed(from(batch, "/", "")),
			from(web, "/", anyVersion),
		}},
		{"open", []scenarios.Check{
			from(batch, "/", anyVersion),
			ofRatings(from(batch, "/", "ratings-v1")),
			ofRatings(from(web, "/", "ratings-v1")),
			from(ratings, "/", anyVersion),
			from(web, "/", anyVersion),
		}},
	}
}

// closed says that the connection is refused, and nothing is answered.
func closed(c scenarios.Check) scenarios.Check {
	c.Want = &scenarios.Outcome{Errors: map[string]float64{"connection closed|connection reset": 1}}
	return c
}

// ofRatings sends the request to ratings.
func ofRatings(c scenarios.Check) scenarios.Check {
	c.Name += " of ratings"
	c.Send.URL = strings.Replace(c.Send.URL, "reviews", "ratings", 1)
	return c
}

func TestTraffic(t *testing.T) {
	t.Cleanup(func() { set.put(t, nil) })
	for _, s := range plays() {
		t.Run(s.name, func(t *testing.T) {
			set.program(t, s.text(t))
			for i := range s.checks {
				set.count(t, &s.checks[i])
			}
		})
	}
}

func (s *scenario) text(t *testing.T) string {
	t.Helper()
	text, err := written.ReadFile("testdata/scenarios/" + s.name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
