// Package consulk8s says what Consul on Kubernetes makes of its custom
// resources, so that tests can program a Consul with them where that program,
// which is no Go module that builds, does not run.
//
// The mapping, which is all there is between a resource and Consul:
//
//   - The kind in lower case with dashes is the entry's kind.
//   - metadata.name is the entry's name, spec.destination.name that of
//     intentions. A ProxyDefaults is called global, a Mesh mesh, and Consul keeps
//     no name of the latter.
//   - The namespace is lost: the community edition has none, so two resources of
//     one kind and name are the same entry, and the second is refused.
//   - The fields of spec are the entry's, with an upper-case first letter. Keys
//     that the user chose, as those of subsets and headers, stay as they are.
//     Durations are strings in both. A field that is absent stays absent, which is
//     not the same as empty: see ServiceRouter's destination.
//   - A TerminatingGateway's deployment, and the Secrets that its services name,
//     are for Kubernetes and not in the entry.
//   - metadata and status leave one trace: the entry is marked as coming from
//     Kubernetes.
package consulk8s

import (
	"fmt"
	"strings"
	"unicode"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// Group is the API group of the resources.
const Group = "consul.hashicorp.com"

// Entry is a config entry.
type Entry struct {
	Kind, Name string
	// Body is the entry as the HTTP API takes it, its kind and name included.
	Body map[string]any
}

// String names the entry.
func (e Entry) String() string { return strings.TrimSuffix(e.Kind+"/"+e.Name, "/") }

// shape is what differs from kind to kind.
type shape struct {
	entry string
	// name is what every resource of the kind has to be called.
	name string
	// nameless entries have none in Consul.
	nameless bool
	// literal are the paths of objects whose keys are data, an element of a list
	// being no step of a path; what is below them is data as well where opaque says so.
	literal map[string]content
	// kept are paths that stay in Kubernetes.
	kept []string
}

// content is what the values of an object with the user's keys are.
type content int

const (
	none content = iota
	// fields are objects whose own keys are names of fields again.
	fields
	// data is copied as it is.
	data
)

var headers = map[string]content{
	"requestHeaders.add": data, "requestHeaders.set": data, "responseHeaders.add": data, "responseHeaders.set": data,
}

func below(prefix string, paths map[string]content) map[string]content {
	out := make(map[string]content, len(paths))
	for path, c := range paths {
		out[prefix+"."+path] = c
	}
	return out
}

var shapes = map[string]shape{
	"ServiceDefaults":    {entry: "service-defaults", literal: map[string]content{"envoyExtensions.arguments": data}},
	"ServiceResolver":    {entry: "service-resolver", literal: map[string]content{"subsets": fields, "failover": fields}},
	"ServiceSplitter":    {entry: "service-splitter", literal: below("splits", headers)},
	"ServiceRouter":      {entry: "service-router", literal: below("routes.destination", headers)},
	"ServiceIntentions":  {entry: "service-intentions", kept: []string{"destination"}},
	"ProxyDefaults":      {entry: "proxy-defaults", name: "global", literal: map[string]content{"config": data, "envoyExtensions.arguments": data}},
	"Mesh":               {entry: "mesh", name: "mesh", nameless: true},
	"TerminatingGateway": {entry: "terminating-gateway", kept: []string{"deployment", "services.secretRef"}},
}

// Entries returns the entries that the resources become, in their order. An
// object that is no such resource, or that the product refuses, is an error.
func Entries(objects []*unstructured.Unstructured) ([]Entry, error) {
	entries := make([]Entry, 0, len(objects))
	taken := map[string]string{}
	for _, o := range objects {
		e, err := entry(o)
		if err != nil {
			return nil, err
		}
		at := o.GetNamespace() + "/" + o.GetName()
		if other, ok := taken[e.String()]; ok {
			return nil, fmt.Errorf("map %s %s: %s is there already, and namespaces are one", o.GetKind(), at, other)
		}
		taken[e.String()] = at
		entries = append(entries, e)
	}
	return entries, nil
}

func entry(o *unstructured.Unstructured) (Entry, error) {
	s, known := shapes[o.GetKind()]
	if !known || o.GroupVersionKind().Group != Group {
		return Entry{}, fmt.Errorf("map %s %s: it is no config entry", o.GroupVersionKind(), o.GetName())
	}
	name := o.GetName()
	if s.name != "" && name != s.name {
		return Entry{}, fmt.Errorf("map %s %s: it has to be called %s", o.GetKind(), name, s.name)
	}
	spec, _, err := unstructured.NestedMap(o.Object, "spec")
	if err != nil {
		return Entry{}, fmt.Errorf("map %s %s: %w", o.GetKind(), name, err)
	}
	if o.GetKind() == "ServiceIntentions" {
		if name, _, err = unstructured.NestedString(spec, "destination", "name"); err != nil || name == "" {
			return Entry{}, fmt.Errorf("map ServiceIntentions %s: it names no destination", o.GetName())
		}
	}
	for _, path := range s.kept {
		remove(spec, strings.Split(path, "."))
	}
	body := s.object(spec, "")
	body["Kind"], body["Meta"] = s.entry, map[string]any{"external-source": "kubernetes"}
	if s.nameless {
		return Entry{Kind: s.entry, Body: body}, nil
	}
	body["Name"] = name
	return Entry{Kind: s.entry, Name: name, Body: body}, nil
}

// remove removes a field, in every element of the lists on its way.
func remove(value any, path []string) {
	switch v := value.(type) {
	case map[string]any:
		if len(path) == 1 {
			delete(v, path[0])
			return
		}
		remove(v[path[0]], path[1:])
	case []any:
		for _, item := range v {
			remove(item, path)
		}
	}
}

// object renames the fields of an object at a path.
func (s shape) object(in map[string]any, path string) map[string]any {
	out := make(map[string]any, len(in))
	for key, value := range in {
		at := strings.TrimPrefix(path+"."+key, ".")
		out[upper(key)] = s.value(value, at)
	}
	return out
}

func (s shape) value(value any, path string) any {
	switch v := value.(type) {
	case map[string]any:
		switch s.literal[path] {
		case data:
			return runtime.DeepCopyJSONValue(v)
		case fields:
			out := make(map[string]any, len(v))
			for key, inner := range v {
				out[key] = s.value(inner, path+".*")
			}
			return out
		case none:
		}
		return s.object(v, path)
	case []any:
		out := make([]any, 0, len(v))
		for _, item := range v {
			out = append(out, s.value(item, path))
		}
		return out
	default:
		return value
	}
}

func upper(key string) string {
	r := []rune(key)
	r[0] = unicode.ToUpper(r[0])
	return string(r)
}
