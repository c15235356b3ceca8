package linkerd

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

func TestProxyOf(t *testing.T) {
	injected := map[string]string{"linkerd.io/control-plane-ns": "linkerd"}
	notes := map[string]string{"linkerd.io/proxy-version": "edge-25.10.7", "linkerd.io/trust-root-sha256": "abc"}
	app := install.Container{Name: "app", Image: "app:1"}
	for name, test := range map[string]struct {
		pod  install.Pod
		want install.Proxy
		none bool
	}{
		"no proxy": {pod: install.Pod{Containers: []install.Container{app}}, none: true},
		"sidecar": {
			pod: install.Pod{Labels: injected, Annotations: notes, Containers: []install.Container{
				{Name: "linkerd-init", Image: "cr.l5d.io/linkerd/proxy-init:v2.4.1"}, app, {Name: "linkerd-proxy", Image: "cr.l5d.io/linkerd/proxy:edge-26.6.3"},
			}},
			want: install.Proxy{Revision: "linkerd", Version: "2.20.0", Roots: "abc"},
		},
		"native sidecar, by digest": {
			pod: install.Pod{Labels: injected, Annotations: notes, Containers: []install.Container{
				{Name: "linkerd-proxy", Image: "cr.l5d.io/linkerd/proxy@sha256:00"}, app,
			}},
			want: install.Proxy{Revision: "linkerd", Version: "2.19.0", Roots: "abc"},
		},
		"an image of the user's own": {
			pod: install.Pod{Labels: injected, Containers: []install.Container{
				{Name: "linkerd-proxy", Image: "registry.example:5000/mesh/proxy:mine"}, app,
			}},
			want: install.Proxy{Revision: "linkerd"},
		},
		"the control plane's own": {
			pod: install.Pod{
				Labels:     map[string]string{"linkerd.io/control-plane-ns": "linkerd", "linkerd.io/control-plane-component": "identity"},
				Containers: []install.Container{{Name: "linkerd-proxy", Image: "cr.l5d.io/linkerd/proxy:edge-26.6.3"}},
			},
			none: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := proxyOf(test.pod)
			if ok == test.none || got != test.want {
				t.Errorf("proxy is %+v, %t; want %+v", got, ok, test.want)
			}
		})
	}
}

func TestMembers(t *testing.T) {
	for mode, want := range map[string]bool{"enabled": true, "ingress": true, "disabled": false, "": false} {
		if got := member(map[string]string{"linkerd.io/inject": "enabled"}, map[string]string{"linkerd.io/inject": mode}); got != want {
			t.Errorf("a namespace with linkerd.io/inject %q is a member: %t", mode, got)
		}
	}
	marks := map[string]string{}
	for _, mark := range memberMarks(translators.Env{}) {
		if mark.Place != translators.OnNamespace || !mark.Annotation {
			t.Errorf("mark %+v is no annotation of a namespace", mark)
		}
		marks[mark.Key] = mark.Value
	}
	if !member(nil, marks) {
		t.Errorf("marks %v make no member", marks)
	}
	if diff := cmp.Diff(map[string]string{"linkerd.io/inject": "enabled"}, marks); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
	if !proxied(ir.Workload{Containers: []string{"app", "linkerd-proxy"}}) || proxied(ir.Workload{Containers: []string{"app", "linkerd-init"}}) {
		t.Error("the proxy is the container linkerd-proxy")
	}
}
