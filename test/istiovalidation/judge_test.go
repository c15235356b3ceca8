package istiovalidation

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"istio.io/istio/pkg/log"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestMain(m *testing.M) {
	// Istio's caches say a hundred times that they are in sync.
	for _, scope := range log.Scopes() {
		scope.SetOutputLevel(log.ErrorLevel)
	}
	os.Exit(m.Run())
}

// shop is a member namespace with a Service of one version.
const shop = `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80, protocol: TCP}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-v1, namespace: shop}
spec:
  selector: {matchLabels: {app: web, version: v1}}
  template:
    metadata: {labels: {app: web, version: v1}}
    spec: {containers: [{name: web, image: web}]}
`

const rule = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: shop}
spec: {host: web.shop.svc.cluster.local, subsets: [{name: one, labels: {version: v1}}]}
`

const route = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web.shop.svc.cluster.local]
  http: [{timeout: 1s, route: [{destination: {host: web.shop.svc.cluster.local, subset: one}, weight: 3}]}]
`

func parse(t *testing.T, text string) []*unstructured.Unstructured {
	t.Helper()
	objects, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func analyze(t *testing.T, texts ...string) []Message {
	t.Helper()
	cluster := NewCluster()
	for _, text := range texts {
		cluster.Apply(parse(t, text)...)
	}
	if err := cluster.Settle(); err != nil {
		t.Fatal(err)
	}
	messages, err := Analyze(cluster)
	if err != nil {
		t.Fatal(err)
	}
	return messages
}

// TestTheJudgeIsTheIstioThatRuns keeps the two pins of Istio the same.
func TestTheJudgeIsTheIstioThatRuns(t *testing.T) {
	pin := regexp.MustCompile(`(?m)istio\.io/istio (v\S+)$`)
	var versions []string
	for _, file := range []string{"go.mod", "../../hack/tools/istio/go.mod"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := pin.FindSubmatch(text)
		if found == nil {
			t.Fatalf("%s requires no Istio", file)
		}
		versions = append(versions, string(found[1]))
	}
	if versions[0] != versions[1] {
		t.Errorf("judged by %s, run by %s: require the same", versions[0], versions[1])
	}
}

func TestValidateRefusesWhatIstioRefuses(t *testing.T) {
	for _, text := range []string{rule, route} {
		if err := Validate(parse(t, text)[0]); err != nil {
			t.Errorf("good object refused: %v\n%s", err, text)
		}
	}
	for name, bad := range map[string]string{
		"a negative weight":   strings.Replace(route, "weight: 3", "weight: -1", 1),
		"a tiny timeout":      strings.Replace(route, "timeout: 1s", "timeout: 1ns", 1),
		"a rule without host": strings.Replace(rule, "host: web.shop.svc.cluster.local, ", "", 1),
		"a foreign kind":      shop,
	} {
		if err := Validate(parse(t, bad)[0]); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestAnalyzersFindWhatIsPlanted(t *testing.T) {
	if messages := analyze(t, shop, rule, route); len(messages) > 0 {
		t.Errorf("analyzers complain about good objects: %v", messages)
	}
	for _, c := range []struct {
		name, code string
		texts      []string
	}{
		{"a route to a host that is not there", "IST0101", []string{shop, rule, strings.Replace(route, "{host: web.", "{host: nobody.", 1)}},
		{"a route to a subset that is not there", "IST0101", []string{shop, rule, strings.Replace(route, "subset: one", "subset: two", 1)}},
		{"a subset without pods", "IST0173", []string{shop, strings.Replace(rule, "version: v1", "version: v2", 1), route}},
		{"two routes for one host", "IST0109", []string{shop, rule, route, strings.Replace(route, "name: web,", "name: web-too,", 1)}},
		{"a negative weight", "IST0106", []string{shop, rule, strings.Replace(route, "weight: 3", "weight: -1", 1)}},
		{"a namespace outside the mesh", "IST0102", []string{strings.Replace(shop, ", labels: {istio-injection: enabled}", "", 1), rule, route}},
		{"a policy that selects nothing", "IST0127", []string{shop, "{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: p, namespace: shop}, spec: {selector: {matchLabels: {app: nobody}}}}"}},
	} {
		found := false
		messages := analyze(t, c.texts...)
		for _, m := range messages {
			found = found || m.Code == c.code
		}
		if !found {
			t.Errorf("%s: want %s, got %v", c.name, c.code, messages)
		}
	}
}

func TestApplyMergesFieldsOfUsersObjects(t *testing.T) {
	unlabelled := strings.Replace(shop, "labels: {istio-injection: enabled}", "labels: {mesh: shop}", 1)
	label := "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio-injection: enabled}}}"
	if messages := analyze(t, unlabelled, label, rule, route); len(messages) > 0 {
		t.Errorf("the label was lost: %v", messages)
	}
}
