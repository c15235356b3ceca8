package consul

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir/eval"
)

// admission is what Consul makes of intentions: an evaluator of what its servers
// refuse and of the rules that they give to proxies, as read in their source.
type admission struct {
	intentions []serviceIntentions
	// protocols and plaintext are read off the ServiceDefaults.
	protocols map[string]string
	plaintext map[string]bool
	// refused are entries that the servers do not take, in words.
	refused []string
}

// arrival is a request that arrives at a pod of a service.
type arrival struct {
	eval.Request
	// source is the service that the caller runs as; empty where none.
	source string
	// service that the pod runs as.
	service string
}

// intention is one source of one entry.
type intention struct {
	intentionSource
	destination string
}

// readAdmission reads results of several units as their objects are written.
func readAdmission(results ...translators.Result) admission {
	a := admission{protocols: map[string]string{}, plaintext: map[string]bool{}}
	var parts []translators.Contribution
	var objects []*unstructured.Unstructured
	for _, r := range results {
		parts = append(parts, r.Contributions...)
		for _, o := range r.Objects {
			content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o.Object)
			if err != nil {
				a.refused = append(a.refused, err.Error())
				continue
			}
			objects = append(objects, &unstructured.Unstructured{Object: content})
		}
	}
	shared, issues := engine.Merge(parts)
	for _, issue := range issues {
		a.refused = append(a.refused, issue.Message)
	}
	for _, s := range shared {
		objects = append(objects, s.Object)
	}
	slices.SortStableFunc(objects, func(x, y *unstructured.Unstructured) int { return cmp.Compare(x.GetKind(), y.GetKind()) })
	for _, obj := range objects {
		a.take(obj)
	}
	return a
}

// take reads one object. ServiceDefaults come before ServiceIntentions.
func (a *admission) take(obj *unstructured.Unstructured) {
	switch obj.GetKind() {
	case "ServiceDefaults":
		protocol, _, _ := unstructured.NestedString(obj.Object, "spec", "protocol")
		mode, _, _ := unstructured.NestedString(obj.Object, "spec", "mutualTLSMode")
		a.protocols[obj.GetName()], a.plaintext[obj.GetName()] = protocol, mode == modePermissive
	case "ServiceIntentions":
		var spec serviceIntentions
		data, err := json.Marshal(obj.Object["spec"])
		if err == nil {
			err = json.Unmarshal(data, &spec)
		}
		problem := ""
		if err != nil {
			problem = err.Error()
		} else {
			problem = a.problem(&spec)
		}
		if problem != "" {
			a.refused = append(a.refused, obj.GetNamespace()+"/"+obj.GetName()+": "+problem)
			return
		}
		a.intentions = append(a.intentions, spec)
	}
}

// problem is why the servers refuse an entry.
func (a *admission) problem(spec *serviceIntentions) string {
	if slices.ContainsFunc(a.intentions, func(other serviceIntentions) bool { return other.Destination == spec.Destination }) {
		return "the destination has an entry"
	}
	if len(spec.Sources) == 0 {
		return "at least one source is required"
	}
	seen := map[string]bool{}
	for _, s := range spec.Sources {
		http := slices.Contains([]string{"http", "http2", "grpc"}, a.protocols[spec.Destination.Name])
		switch {
		case s.Name == "" || seen[s.Name]:
			return "a source without a name, or twice"
		case len(s.Permissions) == 0 && s.Action != actionAllow && s.Action != actionDeny, len(s.Permissions) > 0 && s.Action != "":
			return "a source has an action or permissions"
		case len(s.Permissions) > 0 && (spec.Destination.Name == everyService || !http):
			return "permissions need a service that speaks HTTP"
		case slices.ContainsFunc(s.Permissions, invalidPermission):
			return "a permission is not valid"
		}
		seen[s.Name] = true
	}
	return ""
}

func invalidPermission(p intentionPermission) bool {
	path := p.HTTP.PathExact + p.HTTP.PathPrefix
	unique := slices.Compact(slices.Sorted(slices.Values(p.HTTP.Methods)))
	return p.Action != actionAllow && p.Action != actionDeny ||
		path == "" && len(p.HTTP.Methods) == 0 || path != "" && path[0] != '/' ||
		p.HTTP.PathExact != "" && p.HTTP.PathPrefix != "" || len(unique) != len(p.HTTP.Methods) ||
		slices.ContainsFunc(unique, func(m string) bool { return !slices.Contains(consulMethods, m) })
}

// admits says whether a request is admitted, where Consul's own default is to
// allow or not.
func (a *admission) admits(r arrival, byDefault bool) bool {
	if r.source == "" {
		return a.plaintext[r.service]
	}
	http := a.protocols[r.service] != ""
	if http && r.Opaque {
		return false
	}
	rules := a.rules(r.service)
	admitted := byDefault
	for i, rule := range rules {
		matches := rule.Name == r.source || rule.Name == everyService
		// A narrower source before it takes its callers from a wider one.
		taken := rule.Name == everyService && slices.ContainsFunc(rules[:i], func(x intention) bool { return x.Name == r.source })
		if matches && !taken && rule.overrides(byDefault, http, r.Request) {
			admitted = !byDefault
		}
	}
	return admitted
}

// rules are the intentions for a service, most precise first, each source once.
func (a *admission) rules(service string) []intention {
	var all []intention
	for _, spec := range a.intentions {
		if spec.Destination.Name != service && spec.Destination.Name != everyService {
			continue
		}
		for _, s := range spec.Sources {
			all = append(all, intention{s, spec.Destination.Name})
		}
	}
	slices.SortStableFunc(all, func(x, y intention) int { return cmp.Compare(y.precedence(), x.precedence()) })
	var out []intention
	for _, one := range all {
		if !slices.ContainsFunc(out, func(x intention) bool { return x.Name == one.Name }) {
			out = append(out, one)
		}
	}
	return out
}

// precedence as Consul counts it without namespaces.
func (i intention) precedence() int {
	switch {
	case i.destination != everyService && i.Name != everyService:
		return 9
	case i.destination != everyService:
		return 8
	case i.Name != everyService:
		return 6
	}
	return 5
}

// overrides says whether the intention decides otherwise than the default.
// Permissions are of HTTP; a proxy of TCP that gets any denies.
func (i intention) overrides(byDefault, http bool, r eval.Request) bool {
	if len(i.Permissions) == 0 || !http {
		return (i.Action == actionAllow) != byDefault
	}
	for _, p := range i.Permissions {
		if p.HTTP.matches(r) {
			return (p.Action == actionAllow) != byDefault
		}
	}
	return false
}

func (p httpPermission) matches(r eval.Request) bool {
	return (p.PathExact == "" || r.Path == p.PathExact) && strings.HasPrefix(r.Path, p.PathPrefix) &&
		(len(p.Methods) == 0 || slices.Contains(p.Methods, r.Method))
}

func (r arrival) String() string {
	return fmt.Sprintf("%s %q %s port %d from %s as %q to %q", r.Method, r.Path, map[bool]string{true: "opaque"}[r.Opaque], r.Port,
		form(r.Caller), r.source, r.service)
}
