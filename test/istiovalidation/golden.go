package istiovalidation

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// Golden is one translation: the surroundings it was made in, and what came of
// it.
type Golden struct {
	// Given are the objects that the unified API's speak of: namespaces,
	// Services, workloads, Secrets.
	Given []*unstructured.Unstructured
	// Made are the native objects, and fields of users' objects.
	Made []*unstructured.Unstructured
	// Elsewhere stand for what other units make and these come after.
	Elsewhere []*unstructured.Unstructured
}

// ReadGolden reads <path>.in.yaml and <path>.out.yaml. The input is either
// objects, or one resolved unit, from which its surroundings are made up. Both
// forms are defined by package translatortest.
func ReadGolden(path string) (*Golden, error) {
	in, err := os.ReadFile(path + ".in.yaml")
	if err != nil {
		return nil, fmt.Errorf("read input: %w", err)
	}
	out, err := os.ReadFile(path + ".out.yaml")
	if err != nil {
		return nil, fmt.Errorf("read output: %w", err)
	}
	g := &Golden{}
	if g.Given, err = given(in); err != nil {
		return nil, err
	}
	for _, document := range strings.Split(string(out), "\n---\n") {
		objects, err := Parse([]byte(document))
		if err != nil {
			return nil, err
		}
		others, err := plain(elsewhere(document)...)
		if err != nil {
			return nil, err
		}
		g.Elsewhere = append(g.Elsewhere, others...)
		g.Made = append(g.Made, objects...)
	}
	labels, err := plain(contributions(string(out))...)
	g.Made = append(g.Made, labels...)
	return g, err
}

func given(in []byte) ([]*unstructured.Unstructured, error) {
	if !isUnit.Match(in) {
		return Parse(in)
	}
	objects, err := surroundings(in)
	if err != nil {
		return nil, err
	}
	return plain(objects...)
}

var (
	isUnit       = regexp.MustCompile(`(?m)^unit:`)
	contribution = regexp.MustCompile(`(?m)^# Namespace (\S+): \[metadata labels (\S+)\] = (\S+)$`)
	after        = regexp.MustCompile(`(?m)^# after (\S+) (\S+)/(\S+)$`)
)

// contributions are the labels that the output puts on namespaces.
func contributions(out string) []any {
	var objects []any
	for _, m := range contribution.FindAllStringSubmatch(out, -1) {
		objects = append(objects, namespace(m[1], map[string]string{m[2]: m[3]}))
	}
	return objects
}

// elsewhere makes the objects that a document says its object comes after.
// What it refers to and does not come after is missing, and found to be.
func elsewhere(document string) []any {
	var objects []any
	for _, m := range after.FindAllStringSubmatch(document, -1) {
		kind, ns, name := m[1], m[2], m[3]
		switch kind {
		case "Gateway":
			labels := map[string]string{"proxy": "elsewhere"}
			gateway := &networkingv1.Gateway{TypeMeta: typeMeta(kind), ObjectMeta: meta(ns, name)}
			gateway.Spec.Selector = labels
			gateway.Spec.Servers = []*networking.Server{{Hosts: []string{"*"}, Port: &networking.Port{Number: 80, Name: "http", Protocol: "HTTP"}}}
			objects = append(objects, gateway, service(ns, "elsewhere", labels, 80), deployment(ns, "elsewhere", labels))
		case "DestinationRule":
			of := strings.TrimPrefix(name, "meshloom-")
			rule := &networkingv1.DestinationRule{TypeMeta: typeMeta(kind), ObjectMeta: meta(ns, name)}
			rule.Spec.Host = of + "." + ns + ".svc.cluster.local"
			for _, subset := range subsets(document, rule.Spec.Host) {
				labels := map[string]string{"subset": subset}
				rule.Spec.Subsets = append(rule.Spec.Subsets, &networking.Subset{Name: subset, Labels: labels})
				objects = append(objects, deployment(ns, of+"-"+subset, labels))
			}
			objects = append(objects, rule)
		}
	}
	return objects
}

func typeMeta(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: "networking.istio.io/v1", Kind: kind}
}

// subsets are those of a host that anything in a document is sent to.
func subsets(document, host string) []string {
	var found []string
	var p part
	// A document that is none has been refused already.
	_ = yaml.Unmarshal([]byte(document), &p)
	p.walk(func(p part) {
		name := p.text("subset")
		if name != "" && p.text("host") == host && !slices.Contains(found, name) {
			found = append(found, name)
		}
	})
	return found
}
