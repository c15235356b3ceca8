package installer_test

import (
	"strings"
	"testing/fstest"

	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators"
)

// labelRevision on a Namespace is by which the tests' mesh knows its members.
const labelRevision = "test.meshloom.io/rev"

// annotationRevision on a pod says whose proxy it carries.
const annotationRevision = "test.meshloom.io/proxy"

// charts are those of a small mesh: what meshes share, and a control plane.
var charts = fstest.MapFS{
	"base/Chart.yaml": {Data: []byte("apiVersion: v2\nname: base\nversion: 0.0.0\n")},
	"base/templates/crd.yaml": {Data: []byte(`
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.{{ .Values.group }}}
spec:
  group: {{ .Values.group }}
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
`)},
	"gateway/Chart.yaml": {Data: []byte("apiVersion: v2\nname: gateway\nversion: 0.0.0\n")},
	"gateway/templates/gateway.yaml": {Data: []byte(`
apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}}
spec: {selector: {app: {{ .Release.Name }}}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}}
spec:
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}, annotations: {test.meshloom.io/proxy: {{ .Values.revision }}}}
    spec: {containers: [{name: proxy, image: "proxy:{{ .Chart.Version }}"}]}
`)},
	"control/Chart.yaml":         {Data: []byte("apiVersion: v2\nname: control\nversion: 0.0.0\n")},
	"control/values.schema.json": {Data: []byte(`{"type": "object", "properties": {"replicas": {"type": "integer"}}}`)},
	"control/templates/control.yaml": {Data: []byte(`
apiVersion: v1
kind: ServiceAccount
metadata: {name: control-{{ .Values.revision }}, namespace: {{ .Release.Namespace }}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: control-{{ .Values.revision }}, namespace: {{ .Release.Namespace }}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: control, rev: {{ .Values.revision }}}}
  template:
    metadata: {labels: {app: control, rev: {{ .Values.revision }}}}
    spec: {containers: [{name: control, image: "registry.test/control:{{ .Chart.Version }}"}]}
{{- if .Values.broken }}
---
apiVersion: v1
kind: Service
metadata: {name: control-{{ .Values.revision }}, namespace: {{ .Release.Namespace }}}
spec: {ports: [{port: 123456}]}
{{- end }}
`)},
}

// mesh is a provider with two versions and revisions.
func mesh() []translators.Provider {
	version := func(v string) install.Version {
		return install.Version{Version: v, EndOfLife: "2099-01-01", Embedded: true}
	}
	return []translators.Provider{{
		Name:  "Consul",
		Usual: translators.Location{ControlPlaneNamespace: "test-system"},
		MemberMarks: func(env translators.Env) []translators.Mark {
			if env.Facts[translators.FactRevision] == "" {
				return nil
			}
			return []translators.Mark{{Place: translators.OnNamespace, Key: labelRevision, Value: env.Facts[translators.FactRevision]}}
		},
		Charts: &install.Planner{
			Catalog:   install.Catalog{Default: "1.0", Skew: 1, Versions: []install.Version{version("1.1.0"), version("1.0.0")}},
			Revisions: true, Charts: charts, Mesh: plan, Gateway: planGateway, ProxyOf: proxyOf, Found: found,
		},
	}}
}

func plan(r install.MeshRequest) install.Plan {
	values := map[string]any{"revision": r.Revision, "replicas": 1}
	if r.Spec.Helm != nil {
		more := map[string]any{}
		if yaml.Unmarshal(r.Spec.Helm.Values.Raw, &more) == nil {
			values = install.MergeValues(values, more)
		}
	}
	group := r.Mesh + ".test.meshloom.io"
	embedded := install.Source{Kind: install.Embedded}
	return install.Plan{Charts: []install.Chart{
		{
			Release: "base-" + r.Mesh, Namespace: r.Namespace, Name: "base", Version: r.Version, Path: "base", Source: embedded, Shared: true,
			Values: map[string]any{"group": group},
			Gates:  []install.Gate{{Kind: install.DefinitionServed, Name: "widgets." + group}},
		},
		{
			Release: "control-" + r.Revision, Namespace: r.Namespace, Name: "control", Version: r.Version, Path: "control", Source: embedded,
			Values: values,
			Gates:  []install.Gate{{Kind: install.WorkloadReady, Resource: "Deployment", Namespace: r.Namespace, Name: "control-" + r.Revision}},
		},
	}}
}

func planGateway(r install.GatewayRequest) install.Plan {
	g := r.Gateway
	return install.Plan{Charts: []install.Chart{{
		Release: g.Name, Namespace: g.Namespace, Name: "gateway", Version: r.Version, Path: "gateway", Source: install.Source{Kind: install.Embedded},
		Values: map[string]any{"revision": r.Revision},
		Gates:  []install.Gate{{Kind: install.WorkloadReady, Resource: "Deployment", Namespace: g.Namespace, Name: g.Name}},
	}}}
}

func proxyOf(pod install.Pod) (install.Proxy, bool) {
	for _, c := range pod.Containers {
		if c.Name == "proxy" {
			_, version, _ := strings.Cut(c.Image, ":")
			return install.Proxy{Revision: pod.Annotations[annotationRevision], Version: version}, true
		}
	}
	return install.Proxy{}, false
}

func found(c install.Cluster) []install.Installation {
	var out []install.Installation
	for _, w := range c.Workloads {
		if w.PodLabels["app"] != "control" {
			continue
		}
		i := install.Installation{Namespace: w.Namespace, Revision: w.PodLabels["rev"], Evidence: "Deployment " + w.Name}
		_, i.Version, _ = strings.Cut(w.Images[0], ":")
		for _, r := range c.Releases {
			if r.Namespace == w.Namespace && r.Name == w.Name {
				i.Releases = append(i.Releases, r.Name)
			}
		}
		out = append(out, i)
	}
	return out
}
