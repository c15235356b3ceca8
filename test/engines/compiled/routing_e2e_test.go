//go:build e2e

package compiled

import (
	"fmt"

	"github.com/meshloom/meshloom/test/engines/ads"
	"github.com/meshloom/meshloom/translators/ir"
)

func at(path string) ads.Request { return ads.Request{Path: path} }

func with(header, value string) ads.Request {
	return ads.Request{Path: "/", Header: map[string]string{header: value}}
}

const splitRules = `
  - name: split
    matches: [{path: {type: PathPrefix, value: /split}}]
    backendRefs:
    - {name: echo-v1, port: 8080, weight: 75}
    - {name: echo-v2, port: 8080, weight: 25}
`

const subsetSplit = `
apiVersion: meshloom.io/v1alpha1
kind: TrafficSplit
metadata: {name: echo}
spec:
  service: {name: echo}
  backendRefs:
  - {subset: {labels: {version: v1}}, weight: 75}
  - {subset: {labels: {version: v2}}, weight: 25}
`

// routeToEcho leads a gateway to the Service that subsetSplit is of.
const routeToEcho = `
---
apiVersion: meshloom.io/v1alpha1
kind: GatewayRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: public, namespace: $edge, sectionName: web}]
  hostnames: [shop.$member.example]
  rules: [{backendRefs: [{name: echo, port: 8080}]}]
`

const matchRules = `
  - name: exact
    matches: [{path: {type: Exact, value: /exact}}]
    backendRefs: [{name: echo-v2, port: 8080}]
  - name: prefix
    matches: [{path: {type: PathPrefix, value: /api}}]
    backendRefs: [{name: echo-v2, port: 8080}]
  - name: regex
    matches: [{path: {type: RegularExpression, value: "/item/[0-9]+"}}]
    backendRefs: [{name: echo-v3, port: 8080}]
  - name: method
    matches: [{path: {type: PathPrefix, value: /method}, method: PUT}]
    backendRefs: [{name: echo-v3, port: 8080}]
  - name: header
    matches: [{headers: [{name: x-group, value: beta}]}]
    backendRefs: [{name: echo-v2, port: 8080}]
  - name: header-regex
    matches: [{headers: [{type: RegularExpression, name: x-trace, value: "abc-[0-9]+"}]}]
    backendRefs: [{name: echo-v3, port: 8080}]
  - name: query
    matches: [{queryParams: [{name: flag, value: "on"}]}]
    backendRefs: [{name: echo-v2, port: 8080}]
  - name: query-regex
    matches: [{queryParams: [{type: RegularExpression, name: page, value: "[0-9]+"}]}]
    backendRefs: [{name: echo-v3, port: 8080}]
`

func routing() []compiled {
	split := func(path string) func(*world, *ads.Snapshot) error {
		return goes(at(path), map[string]float64{"echo-v1": 75, "echo-v2": 25})
	}
	return []compiled{
		{name: "split by Service", places: both, rules: splitRules, checks: []check{
			{feature: ir.SplitByService, holds: together(split("/split"), clustersAreServices)},
		}},
		{name: "split by subset", places: []place{inMesh}, objects: subsetSplit, checks: []check{
			{feature: ir.SplitBySubset, holds: split("/")},
		}},
		{name: "split by subset behind the gateway", places: []place{atGateway}, objects: subsetSplit + routeToEcho, checks: []check{
			{feature: ir.SplitBySubset, holds: split("/")},
		}},
		{name: "matches", places: both, rules: matchRules, checks: []check{
			{feature: ir.MatchPathExact, holds: ends(map[string][]ads.Request{
				"echo-v2": {at("/exact")}, "echo-v1": {at("/exact/x"), at("/exac")},
			})},
			{feature: ir.MatchPathPrefix, holds: ends(map[string][]ads.Request{
				"echo-v2": {at("/api"), at("/api/"), at("/api/x?y=z")}, "echo-v1": {at("/apix"), at("/x/api")},
			})},
			{feature: ir.MatchPathRegex, holds: ends(map[string][]ads.Request{
				"echo-v3": {at("/item/12")}, "echo-v1": {at("/item/12x"), at("/x/item/12"), at("/item/")},
			})},
			{feature: ir.MatchMethod, holds: ends(map[string][]ads.Request{
				"echo-v3": {{Method: "PUT", Path: "/method"}}, "echo-v1": {at("/method"), {Method: "PUT", Path: "/"}},
			})},
			{feature: ir.MatchHeader, holds: ends(map[string][]ads.Request{
				"echo-v2": {with("X-Group", "beta")}, "echo-v1": {with("x-group", "betas"), with("x-group", "")},
			})},
			{feature: ir.MatchHeaderRegex, holds: ends(map[string][]ads.Request{
				"echo-v3": {with("x-trace", "abc-1")}, "echo-v1": {with("x-trace", "abc-"), with("x-trace", "zabc-1")},
			})},
			{feature: ir.MatchQuery, holds: ends(map[string][]ads.Request{
				"echo-v2": {at("/?flag=on"), at("/?a=b&flag=on")}, "echo-v1": {at("/?flag=one"), at("/?flag")},
			})},
			{feature: ir.MatchQueryRegex, holds: ends(map[string][]ads.Request{
				"echo-v3": {at("/?page=12")}, "echo-v1": {at("/?page=x"), at("/?page=12x")},
			})},
		}},
	}
}

// clustersAreServices asserts that a split between Services leads to the
// Services themselves, not to subsets.
func clustersAreServices(w *world, s *ads.Snapshot) error {
	route, err := w.route(s, at("/split"))
	if err != nil {
		return err
	}
	want := map[string]uint32{w.cluster("echo-v1"): 75, w.cluster("echo-v2"): 25}
	return differs(fmt.Sprintf("clusters of %s", route.GetName()), ads.Weights(route), want)
}
