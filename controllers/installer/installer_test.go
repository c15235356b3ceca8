package installer_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/controllers/installer"
	"github.com/meshloom/meshloom/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m, "../../apis/v1alpha1/crds")) }

// shop is a Managed mesh whose control plane gets a namespace of its own.
const shop = `
apiVersion: meshloom.io/v1alpha1
kind: Mesh
metadata: {name: NS}
spec:
  provider: Consul
  mode: Managed
  version: "1.0"
  controlPlaneNamespace: NS-system
  upgrade: {strategy: Canary, restarts: Automatic, settle: 1s}
`

// member is a namespace of the mesh with workloads that can be moved.
const member = `
apiVersion: v1
kind: Namespace
metadata: {name: NS-one, labels: {meshloom.io/mesh: NS}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NS-one, labels: {member: "true"}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web
        ports: [{containerPort: 8080}]
        readinessProbe: {httpGet: {port: 8080}}
        lifecycle: {preStop: {sleep: {seconds: 10}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: NS-one, labels: {member: "true"}}
spec:
  replicas: 2
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers:
      - name: api
        image: api
        ports: [{containerPort: 8080}]
        readinessProbe: {httpGet: {port: 8080}}
        lifecycle: {preStop: {exec: {command: [sleep, "15"]}}}
`

// scene is one test's world.
type scene struct {
	*rig.Rig

	t      *testing.T
	player *player
}

func newScene(t *testing.T) *scene {
	t.Helper()
	r := rig.New(t)
	r.Namespace = strings.ReplaceAll(r.Namespace, "/", "-")
	scheme, err := installer.Scheme()
	if err != nil {
		t.Fatal(err)
	}
	if err := eventsv1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	if r.Client, err = client.New(r.Config, client.Options{Scheme: scheme}); err != nil {
		t.Fatal(err)
	}
	tidy(t, r.Client)
	return &scene{Rig: r, t: t, player: play(t, r.Client, r.Namespace)}
}

func calm(next http.RoundTripper) http.RoundTripper { return next }

func (s *scene) mesh() *v1alpha1.Mesh {
	s.t.Helper()
	mesh := &v1alpha1.Mesh{}
	if err := s.Client.Get(s.t.Context(), types.NamespacedName{Name: s.Namespace}, mesh); err != nil {
		s.t.Fatal(err)
	}
	return mesh
}

// says waits until the installer says a condition of the newest generation, as
// in "Installed=True/Installed".
func (s *scene) says(want string) *v1alpha1.Mesh {
	s.t.Helper()
	var mesh *v1alpha1.Mesh
	s.Eventually("the installer says "+want, func() string {
		mesh = s.mesh()
		if mesh.Status.Install == nil {
			return "it says nothing"
		}
		for _, c := range mesh.Status.Install.Conditions {
			if c.Type+"="+string(c.Status)+"/"+c.Reason == want && c.ObservedGeneration == mesh.Generation {
				return ""
			}
		}
		return fmt.Sprintf("it says %+v", mesh.Status.Install.Conditions)
	})
	return mesh
}

// done waits until the installer has nothing to do, with a version in place.
func (s *scene) done(version string) *v1alpha1.Mesh {
	s.t.Helper()
	var mesh *v1alpha1.Mesh
	s.EventuallyIn(60, version+" is in place", func() string {
		mesh = s.mesh()
		if !inPlace(mesh, version) {
			return fmt.Sprintf("%+v", mesh.Status.Install)
		}
		return ""
	})
	return mesh
}

// inPlace says whether the installer had nothing to do when the Mesh was read,
// with a version in place.
func inPlace(m *v1alpha1.Mesh, version string) bool {
	state := m.Status.Install
	return state != nil && state.ObservedGeneration == m.Generation && state.Version == version &&
		meta.IsStatusConditionTrue(state.Conditions, string(v1alpha1.ConditionInstalled)) && len(state.Conditions) == 1
}

func (s *scene) edit(patch string) {
	s.t.Helper()
	if err := s.Client.Patch(s.t.Context(), s.mesh(), client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
		s.t.Fatal(err)
	}
}

// releases returns the names of the Helm releases of the test, with their
// numbers.
func (s *scene) releases() []string {
	s.t.Helper()
	var secrets corev1.SecretList
	if err := s.Client.List(s.t.Context(), &secrets, client.InNamespace(s.Namespace+"-system"), client.MatchingLabels{"owner": "helm"}); err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for i := range secrets.Items {
		l := secrets.Items[i].Labels
		out = append(out, strings.ReplaceAll(l["name"], s.Namespace, "NS")+" "+l["version"]+" "+l["status"])
	}
	slices.Sort(out)
	return out
}

// controls returns the control planes that are there, with their images.
func (s *scene) controls() []string {
	s.t.Helper()
	var list appsv1.DeploymentList
	if err := s.Client.List(s.t.Context(), &list, client.InNamespace(s.Namespace+"-system")); err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for i := range list.Items {
		_, version, _ := strings.Cut(list.Items[i].Spec.Template.Spec.Containers[0].Image, ":")
		out = append(out, strings.ReplaceAll(list.Items[i].Name, s.Namespace, "NS")+" "+version)
	}
	slices.Sort(out)
	return out
}

// proxies returns the distinct proxies of the member's pods.
func (s *scene) proxies() []string {
	s.t.Helper()
	return s.images("proxy")
}

// images returns the distinct images of a container of the member's pods.
func (s *scene) images(container string) []string {
	s.t.Helper()
	var pods corev1.PodList
	if err := s.Client.List(s.t.Context(), &pods, client.InNamespace(s.Namespace+"-one")); err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for i := range pods.Items {
		for _, c := range pods.Items[i].Spec.Containers {
			if c.Name == container {
				out = append(out, c.Image)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// story returns the reasons of the Mesh's events, each once.
func (s *scene) story() []string {
	s.t.Helper()
	var events eventsv1.EventList
	if err := s.Client.List(s.t.Context(), &events); err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for i := range events.Items {
		if e := &events.Items[i]; e.Regarding.Kind == "Mesh" && e.Regarding.Name == s.Namespace && !slices.Contains(out, e.Reason) {
			out = append(out, e.Reason)
		}
	}
	return out
}

func (s *scene) definition() error {
	return s.Client.Get(s.t.Context(), types.NamespacedName{Name: "widgets." + s.Namespace + ".test.meshloom.io"}, &apiextensionsv1.CustomResourceDefinition{})
}

func TestInstallsAndRemoves(t *testing.T) {
	s := newScene(t)
	s.Apply(shop)
	op := s.Install(mesh(), calm)
	m := s.done("1.0.0")
	if m.Status.Install.Revision == "" || !slices.Contains(m.Finalizers, installer.Finalizer) {
		t.Errorf("state %+v, finalizers %v", m.Status.Install, m.Finalizers)
	}
	if got := s.releases(); len(got) != 2 || !strings.HasPrefix(got[0], "base-NS 1 deployed") {
		t.Errorf("releases %q", got)
	}
	s.Quiet(op)
	op.Stop()
	again := s.Install(mesh(), calm)
	s.Quiet(again)
	if writes := again.Writes.To(""); len(writes) > 0 {
		t.Errorf("a restart on an unchanged cluster wrote %q", writes)
	}
	for _, want := range []string{"NamespaceCreated", "ChartInstalled"} {
		if got := s.story(); !slices.Contains(got, want) {
			t.Errorf("no event %s among %q", want, got)
		}
	}

	s.Apply(member)
	if err := s.Client.Delete(t.Context(), s.mesh()); err != nil {
		t.Fatal(err)
	}
	s.says("Stalled=True/MembersExist")
	if len(s.controls()) != 1 {
		t.Errorf("control planes %q, while somebody is in the mesh", s.controls())
	}
	var ns corev1.Namespace
	ns.Name = s.Namespace + "-one"
	if err := s.Client.Patch(t.Context(), &ns, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"meshloom.io/mesh":null,"`+labelRevision+`":null}}}`))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"web", "api"} {
		s.restart(name)
	}
	s.gone()
	if len(s.controls())+len(s.releases()) > 0 {
		t.Errorf("left behind: %q %q", s.controls(), s.releases())
	}
	if err := s.definition(); err != nil {
		t.Errorf("CRDs go only when asked for: %v", err)
	}
	if !s.namespaceGoes() {
		t.Error("the namespace that the installer made stays")
	}
}

// namespaceGoes says whether the control plane's namespace is being deleted.
func (s *scene) namespaceGoes() bool {
	s.t.Helper()
	var ns corev1.Namespace
	if err := s.Client.Get(s.t.Context(), types.NamespacedName{Name: s.Namespace + "-system"}, &ns); err != nil {
		s.t.Fatal(err)
	}
	return ns.DeletionTimestamp != nil
}

func (s *scene) gone() {
	s.t.Helper()
	s.EventuallyIn(60, "the Mesh is gone", func() string {
		mesh := &v1alpha1.Mesh{}
		err := s.Client.Get(s.t.Context(), types.NamespacedName{Name: s.Namespace}, mesh)
		if apierrors.IsNotFound(err) {
			return ""
		}
		return fmt.Sprintf("still there with %+v, %v", mesh.Status.Install, err)
	})
}

func TestNamespaceOfOthersStays(t *testing.T) {
	s := newScene(t)
	s.Apply(shop)
	s.Install(mesh(), calm)
	s.done("1.0.0")
	s.Apply(`
apiVersion: v1
kind: ConfigMap
metadata: {name: mine, namespace: NS-system}
`)
	s.edit(`{"metadata":{"annotations":{"meshloom.io/uninstall":"crds"}}}`)
	if err := s.Client.Delete(t.Context(), s.mesh()); err != nil {
		t.Fatal(err)
	}
	s.gone()
	if s.namespaceGoes() {
		t.Error("the namespace goes with a ConfigMap of the user")
	}
	s.Eventually("the CRD that was asked for is gone", func() string {
		if err := s.definition(); !apierrors.IsNotFound(err) {
			return fmt.Sprint(err)
		}
		return ""
	})
}

// restart has a member's pods made anew by hand.
func (s *scene) restart(name string) {
	s.t.Helper()
	d := &appsv1.Deployment{}
	d.Namespace, d.Name = s.Namespace+"-one", name
	patch := []byte(`{"spec":{"template":{"metadata":{"annotations":{"by-hand":"now"}}}}}`)
	if err := s.Client.Patch(s.t.Context(), d, client.RawPatch(types.MergePatchType, patch)); err != nil {
		s.t.Fatal(err)
	}
}
