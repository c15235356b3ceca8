//go:build e2e

package consul

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshloom/meshloom/test/report"
	"github.com/meshloom/meshloom/test/scenarios"
)

// Resources that the assumptions of the translation are about.
var (
	overHTTP  = resource("ServiceDefaults", "reviews", object{"protocol": "http"})
	versions  = resource("ServiceResolver", "reviews", object{"subsets": object{"v1": object{"filter": "Service.Meta.version == v1"}}})
	allToV1   = resource("ServiceSplitter", "reviews", object{"splits": []any{share(100, "v1")}})
	allToSelf = resource("ServiceRouter", "reviews", object{"routes": []any{object{"destination": object{"service": "reviews"}}}})
)

func share(weight int64, subset string) object {
	return object{"weight": weight, "serviceSubset": subset}
}

func splitter(splits ...any) *unstructured.Unstructured {
	return resource("ServiceSplitter", "reviews", object{"splits": splits})
}

// TestRefused shows that what the translation takes care of is really refused,
// in Consul's own words.
func TestRefused(t *testing.T) {
	a, err := startAgent(t.Context(), t.TempDir(), 9600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.process.Kill)
	type list = []*unstructured.Unstructured
	for _, c := range []struct {
		name          string
		before, write list
		remove        list
		words         string
	}{
		{"a splitter before the protocol", nil, list{splitter(share(100, ""))}, nil, `uses a protocol "tcp" that does not permit advanced routing or splitting`},
		{"a router before the protocol", nil, list{allToSelf}, nil, `uses a protocol "tcp" that does not permit advanced routing or splitting`},
		{"a split of 95 %", list{overHTTP, versions}, list{splitter(share(95, "v1"))}, nil, "the sum of all split weights must be 100"},
		{"a split of a subset that is not there", list{overHTTP, versions}, list{splitter(share(100, "v9"))}, nil, `does not have a subset named "v9"`},
		{"one destination twice", list{overHTTP, versions}, list{splitter(share(50, "v1"), share(50, "v1"))}, nil, "split destination occurs more than once"},
		{"an action beside permissions", list{overHTTP}, list{resource("ServiceIntentions", "reviews", object{
			"destination": object{"name": "reviews"},
			"sources":     []any{object{"name": "web", "action": "allow", "permissions": []any{object{"action": "allow", "http": object{"pathExact": "/"}}}}},
		})}, nil, "Action must be omitted if Permissions are specified"},
		{"the protocol gone before the splitter", list{overHTTP, versions, allToV1}, nil, list{overHTTP}, `uses a protocol "tcp" that does not permit advanced routing or splitting`},
		{"the subset gone before the splitter", list{overHTTP, versions, allToV1}, nil, list{versions}, `does not have a subset named "v1"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			alone := &stage{agent: a}
			alone.put(t, c.before)
			err := take(t.Context(), c.write, a.write)
			if err == nil {
				err = take(t.Context(), c.remove, a.remove)
			}
			row := report.Row{Scenario: t.Name(), Check: "Consul says", Expected: c.words, Counted: c.words, Passed: true}
			if err == nil || !strings.Contains(err.Error(), c.words) {
				row.Counted, row.Passed = "something else", false
				t.Errorf("%v, want %s", err, c.words)
			}
			results.Add(row)
			alone.put(t, nil)
		})
	}
}

// TestPathOfRoutes shows what Consul makes of the path where a route does not
// say: with a destination it takes the prefix away, without one it does not.
func TestPathOfRoutes(t *testing.T) {
	t.Cleanup(func() { set.put(t, nil) })
	to := func(path string, destination object) object {
		route := object{"match": object{"http": object{"pathPrefix": path}}}
		if destination != nil {
			route["destination"] = destination
		}
		return route
	}
	set.put(t, []*unstructured.Unstructured{overHTTP, resource("ServiceRouter", "reviews", object{"routes": []any{
		to("/named", object{"service": "reviews"}),
		to("/kept", object{"service": "reviews", "prefixRewrite": "/kept"}),
		to("/none", nil),
	}})})
	for _, c := range []scenarios.Check{
		sees(from(web, "/named/x", anyVersion), "/x"),
		sees(from(web, "/kept/x", anyVersion), "/kept/x"),
		sees(from(web, "/none/x", anyVersion), "/none/x"),
	} {
		set.count(t, &c)
	}
}
