package installer_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/test/rig"
	"github.com/meshloom/meshloom/test/smallcharts"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/consul"
)

// consulMesh is a Managed mesh of Consul, whose chart comes from a server of the
// test: none of Consul's own is run.
const consulMesh = `
apiVersion: meshloom.io/v1alpha1
kind: Mesh
metadata: {name: NS}
spec:
  provider: Consul
  mode: Managed
  version: "1.9.7"
  controlPlaneNamespace: NS-system
  members: {namespaceSelector: {matchLabels: {in: NS}}}
  mtls: {mode: Strict}
  access: {default: Deny}
  upgrade: {restarts: Automatic, settle: 1s}
  helm: {chartSource: {repository: REPOSITORY}}
`

// consulMember is the member that the Mesh selects: the operator marks it.
var consulMember = strings.Replace(member, "meshloom.io/mesh: NS", "in: NS", 1)

// consulWorld is a scene with an operator and an installer of Consul.
type consulWorld struct {
	*scene

	plane     *consulPlane
	installer *rig.Operator
}

// consulScene is a mesh of Consul with a member whose pods have the proxy.
func consulScene(t *testing.T) consulWorld {
	t.Helper()
	s := newScene(t)
	provider := consul.Provider()
	// One more than there is, which is too far from 1.9.
	newest := provider.Charts.Catalog.Versions[0]
	newest.Version, newest.App = "2.1.0", "2.1.0"
	provider.Charts.Catalog.Versions = append([]install.Version{newest}, provider.Charts.Catalog.Versions...)
	plane := &consulPlane{c: s.Client, home: s.Namespace + "-system", kinds: provider.Kinds}
	s.player.speak(plane)
	t.Cleanup(func() { undefineAll(t, s.Client) })
	s.Apply(strings.Replace(consulMesh, "REPOSITORY", smallcharts.Serve(t, provider.Charts.Catalog, "consul"), 1))
	s.Providers, s.Fetches = []translators.Provider{provider}, smallcharts.GatewayAPI(t)
	s.Operate()
	w := consulWorld{scene: s, plane: plane, installer: s.Install(s.Providers, calm)}
	s.done("1.9.7")
	namespace, _, _ := strings.Cut(consulMember, "\n---")
	s.Apply(namespace)
	w.marked("enabled")
	s.Apply(consulMember)
	s.Eventually("pods have the proxy", func() string { return cmp.Diff([]string{"1.9.7"}, w.proxies()) })
	s.done("1.9.7")
	return w
}

// marked waits until the injector's mark on the member has a value; empty is no
// mark.
func (w consulWorld) marked(want string) {
	w.t.Helper()
	w.Eventually("the member is marked", func() string {
		var ns corev1.Namespace
		if err := w.Client.Get(w.t.Context(), types.NamespacedName{Name: w.Namespace + "-one"}, &ns); err != nil {
			return err.Error()
		}
		return cmp.Diff(want, ns.Labels["meshloom.io/consul-inject"])
	})
}

// undefineAll deletes the definitions of Consul and of Gateway API, which stay
// when what brought them goes.
func undefineAll(t *testing.T, c client.Client) {
	t.Helper()
	var crds apiextensionsv1.CustomResourceDefinitionList
	if err := c.List(context.Background(), &crds); err != nil {
		t.Error(err)
	}
	for i := range crds.Items {
		if g := crds.Items[i].Spec.Group; g != "consul.hashicorp.com" && g != "gateway.networking.k8s.io" {
			continue
		}
		if err := c.Delete(context.Background(), &crds.Items[i]); err != nil {
			t.Error(err)
		}
	}
}

// proxies are the distinct versions of the member's proxies.
func (w consulWorld) proxies() []string {
	w.t.Helper()
	var out []string
	for _, image := range w.images("consul-dataplane") {
		_, tag, _ := strings.Cut(image, ":")
		out = append(out, tag)
	}
	return out
}

// TestConsul installs Consul with the bundle of Gateway API that it needs,
// upgrades it where it stands, also to its next major version, and removes it.
func TestConsul(t *testing.T) {
	w := consulScene(t)
	w.installedInOrder()

	w.edit(`{"spec":{"version":"1.9"}}`)
	w.done("1.9.11")
	if diff := cmp.Diff([]string{"consul-connect-injector 1.9.11"}, w.controls()); diff != "" {
		t.Errorf("control planes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"1.9.11"}, w.proxies()); diff != "" {
		t.Errorf("proxies (-want +got):\n%s", diff)
	}
	if a, b, most := w.player.made("web"), w.player.made("api"), w.player.most; a != 2 || b != 2 || most > 1 {
		t.Errorf("pods were made %d and %d times, want once and once more; %d workloads at once", a, b, most)
	}

	w.edit(`{"spec":{"version":"2.1"}}`)
	w.says("Stalled=True/Skew")
	w.nextMajor()
	w.goes()
}

// nextMajor takes the mesh from 1.9 to 2.0, for which the bundle of Gateway API,
// which is Meshloom's, becomes a newer one first. That cannot be taken back, so
// that neither can the version.
func (w consulWorld) nextMajor() {
	w.t.Helper()
	w.edit(`{"spec":{"version":"2.0"}}`)
	w.done("2.0.3")
	for what, got := range map[string][]string{"control planes": w.controls(), "proxies": w.proxies(), "definitions of Gateway API": w.gatewayAPI()} {
		want := map[string][]string{
			"control planes":             {"consul-connect-injector 2.0.3"},
			"proxies":                    {"2.0.3"},
			"definitions of Gateway API": {"gateways v1.5.1", "httproutes v1.5.1"},
		}[what]
		if diff := cmp.Diff(want, got); diff != "" {
			w.t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	w.bundleFirst("/deployments/consul-connect-injector")
	if a, b, most := w.player.made("web"), w.player.made("api"), w.player.most; a != 3 || b != 3 || most > 1 {
		w.t.Errorf("pods were made %d and %d times, want once more than before; %d workloads at once", a, b, most)
	}
	w.edit(`{"spec":{"version":"1.9"}}`)
	w.says("Stalled=True/Unsupported")
	w.edit(`{"spec":{"version":"2.0"}}`)
	w.done("2.0.3")
}

// bundleFirst checks that the last new bundle of Gateway API came before the last
// write to what the path ends with.
func (w consulWorld) bundleFirst(path string) {
	w.t.Helper()
	last := func(part string) int {
		writes := w.installer.Writes.To("/")
		slices.Reverse(writes)
		return len(writes) - 1 - slices.IndexFunc(writes, func(s string) bool { return strings.Contains(s, part) })
	}
	bundle, injector := last("/customresourcedefinitions/httproutes.gateway.networking.k8s.io"), last(path)
	if bundle < 0 || injector < bundle || bundle == len(w.installer.Writes.To("/")) {
		w.t.Errorf("Gateway API is write %d and the injector is write %d", bundle, injector)
	}
}

// installedInOrder checks that Gateway API came first, in the bundle that the
// version takes, without the chart's own copies, and whom the injector asks for.
func (w consulWorld) installedInOrder() {
	w.t.Helper()
	writes := w.installer.Writes.To("/")
	first := func(part string) int {
		return slices.IndexFunc(writes, func(s string) bool { return strings.Contains(s, part) })
	}
	bundle, servers := first("/namespaces/gateway-system/secrets"), first("/namespaces/"+w.Namespace+"-system/statefulsets")
	if bundle < 0 || servers < bundle {
		w.t.Errorf("Gateway API is write %d and the servers are write %d", bundle, servers)
	}
	if diff := cmp.Diff([]string{"gateways v1.4.1", "httproutes v1.4.1"}, w.gatewayAPI()); diff != "" {
		w.t.Errorf("definitions of Gateway API (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"ProxyDefaults NS-system/global", "ServiceIntentions NS-system/meshloom.default"}, w.configured()); diff != "" {
		w.t.Errorf("what the operator wrote (-want +got):\n%s", diff)
	}
}

// gatewayAPI are the definitions of Gateway API that stay, with their bundle.
func (w consulWorld) gatewayAPI() []string {
	w.t.Helper()
	var crds apiextensionsv1.CustomResourceDefinitionList
	if err := w.Client.List(w.t.Context(), &crds); err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for i := range crds.Items {
		if crd := &crds.Items[i]; crd.Spec.Group == "gateway.networking.k8s.io" && crd.DeletionTimestamp == nil {
			out = append(out, crd.Spec.Names.Plural+" "+crd.Annotations["gateway.networking.k8s.io/bundle-version"])
		}
	}
	slices.Sort(out)
	return out
}

// configured are the native objects that the operator wrote.
func (w consulWorld) configured() []string {
	w.t.Helper()
	var out []string
	for _, kind := range w.plane.kinds {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
		if err := w.Client.List(w.t.Context(), list); err != nil {
			w.t.Fatal(err)
		}
		for i := range list.Items {
			out = append(out, strings.ReplaceAll(kind.Kind+" "+list.Items[i].Namespace+"/"+list.Items[i].Name, w.Namespace, "NS"))
		}
	}
	slices.Sort(out)
	return out
}

// goes takes the member out, and then the mesh away: what was configured goes
// while the control plane can let go of it.
func (w consulWorld) goes() {
	w.t.Helper()
	if err := w.Client.Delete(w.t.Context(), w.mesh()); err != nil {
		w.t.Fatal(err)
	}
	w.says("Stalled=True/MembersExist")
	if len(w.configured()) == 0 {
		w.t.Error("the mesh lost its configuration while somebody is in it")
	}
	ns := &corev1.Namespace{}
	ns.Name = w.Namespace + "-one"
	if err := w.Client.Patch(w.t.Context(), ns, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"in":null}}}`))); err != nil {
		w.t.Fatal(err)
	}
	w.marked("")
	for _, name := range []string{"web", "api"} {
		w.restart(name)
	}
	w.gone()
	if left := slices.Concat(w.controls(), w.releases(), w.configured()); len(left) > 0 {
		w.t.Errorf("left behind: %q", left)
	}
	for _, want := range []string{"ProxyDefaults", "ServiceIntentions"} {
		if got := w.plane.released(); !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, want) }) {
			w.t.Errorf("a running control plane let go of %q, and of no %s", got, want)
		}
	}
	if diff := cmp.Diff([]string{"gateways v1.5.1", "httproutes v1.5.1"}, w.gatewayAPI()); diff != "" {
		w.t.Errorf("definitions of Gateway API (-want +got):\n%s", diff)
	}
}
