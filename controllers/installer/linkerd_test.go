package installer_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/test/smallcharts"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/linkerd"
)

// linkerdMesh is a Managed mesh of Linkerd, whose charts come from a server of
// the test: none of Linkerd's own is run.
const linkerdMesh = `
apiVersion: meshloom.io/v1alpha1
kind: Mesh
metadata: {name: NS}
spec:
  provider: Linkerd
  mode: Managed
  version: "2.19"
  controlPlaneNamespace: NS-system
  upgrade: {restarts: Automatic, settle: 1s}
  helm: {chartSource: {repository: REPOSITORY}}
`

// gatewayAPI stands for a bundle that somebody installed.
const gatewayAPI = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: gateways.gateway.networking.k8s.io
  annotations: {gateway.networking.k8s.io/bundle-version: v1.2.1, api-approved.kubernetes.io: "unapproved, made for tests"}
spec:
  group: gateway.networking.k8s.io
  scope: Namespaced
  names: {kind: Gateway, plural: gateways}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
`

// linkerdInjector marks members, and makes proxies with the version and the
// roots that the control plane has at the time.
type linkerdInjector struct {
	c    client.Client
	home string
}

func (l linkerdInjector) mark(ctx context.Context, ns *corev1.Namespace) error {
	if ns.Annotations["linkerd.io/inject"] == "enabled" {
		return nil
	}
	return l.c.Patch(ctx, ns, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"annotations":{"linkerd.io/inject":"enabled"}}}`)))
}

func (l linkerdInjector) inject(ctx context.Context, ns *corev1.Namespace, pod *corev1.Pod) error {
	if ns.Annotations["linkerd.io/inject"] != "enabled" {
		return nil
	}
	var injector appsv1.Deployment
	if err := l.c.Get(ctx, types.NamespacedName{Namespace: l.home, Name: "linkerd-proxy-injector"}, &injector); err != nil {
		return err
	}
	roots, err := bundle(ctx, l.c, l.home)
	if err != nil {
		return err
	}
	_, tag, _ := strings.Cut(injector.Spec.Template.Spec.Containers[0].Image, ":")
	labels := map[string]string{"linkerd.io/control-plane-ns": l.home}
	for key, value := range pod.Labels {
		labels[key] = value
	}
	pod.Labels = labels
	pod.Annotations["linkerd.io/trust-root-sha256"] = sum(roots)
	pod.Spec.InitContainers = append(pod.Spec.InitContainers, corev1.Container{Name: "linkerd-proxy", Image: "registry.test/proxy:" + tag})
	return nil
}

func sum(text string) string {
	s := sha256.Sum256([]byte(text))
	return hex.EncodeToString(s[:])
}

// bundle is what the control plane tells proxies to trust.
func bundle(ctx context.Context, c client.Client, home string) (string, error) {
	var roots corev1.ConfigMap
	err := c.Get(ctx, types.NamespacedName{Namespace: home, Name: "linkerd-identity-trust-roots"}, &roots)
	return roots.Data["ca-bundle.crt"], err
}

// linkerdScene is a mesh of Linkerd with a member whose pods have the proxy.
func linkerdScene(t *testing.T) *scene {
	t.Helper()
	s := newScene(t)
	s.player.speak(linkerdInjector{s.Client, s.Namespace + "-system"})
	s.Apply(gatewayAPI)
	t.Cleanup(func() {
		if err := undefine(context.Background(), s.Client, "gateways.gateway.networking.k8s.io"); err != nil {
			t.Error(err)
		}
	})
	provider := linkerd.Provider()
	s.Apply(strings.Replace(linkerdMesh, "REPOSITORY", smallcharts.Serve(t, provider.Charts.Catalog, "linkerd-crds", "linkerd-control-plane"), 1))
	s.Install([]translators.Provider{provider}, calm)
	s.done("2.19.0")
	namespace, _, _ := strings.Cut(member, "\n---")
	s.Apply(namespace)
	s.Eventually("the member is marked", func() string {
		var ns corev1.Namespace
		if err := s.Client.Get(t.Context(), types.NamespacedName{Name: s.Namespace + "-one"}, &ns); err != nil {
			return err.Error()
		}
		if ns.Annotations["linkerd.io/inject"] == "" {
			return "not yet"
		}
		return ""
	})
	s.Apply(member)
	s.Eventually("pods have the proxy", func() string { return cmp.Diff([]string{"edge-25.10.7"}, s.linkerdProxies()) })
	s.done("2.19.0")
	return s
}

// undefine deletes a CRD, which has to be there.
func undefine(ctx context.Context, c client.Client, name string) error {
	crd := &apiextensionsv1.CustomResourceDefinition{}
	crd.Name = name
	return c.Delete(ctx, crd)
}

// linkerdProxies are the distinct tags of the member's proxies.
func (s *scene) linkerdProxies() []string {
	s.t.Helper()
	return s.ofProxies(func(pod *corev1.Pod) string {
		_, tag, _ := strings.Cut(pod.Spec.InitContainers[0].Image, ":")
		return tag
	})
}

// ofProxies returns the distinct answers for the member's pods.
func (s *scene) ofProxies(read func(*corev1.Pod) string) []string {
	s.t.Helper()
	var pods corev1.PodList
	if err := s.Client.List(s.t.Context(), &pods, client.InNamespace(s.Namespace+"-one")); err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for i := range pods.Items {
		if len(pods.Items[i].Spec.InitContainers) > 0 {
			out = append(out, read(&pods.Items[i]))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// secret is one of the control plane's namespace.
func (s *scene) secret(name string) *corev1.Secret {
	s.t.Helper()
	secret := &corev1.Secret{}
	if err := s.Client.Get(s.t.Context(), types.NamespacedName{Namespace: s.Namespace + "-system", Name: name}, secret); err != nil {
		s.t.Fatal(err)
	}
	return secret
}

// TestLinkerd installs Linkerd, upgrades it where it stands, brings it another
// root, and removes it.
func TestLinkerd(t *testing.T) {
	s := linkerdScene(t)
	s.linkerdInstalled()

	s.edit(`{"spec":{"version":"2.20"}}`)
	s.done("2.20.0")
	want := []string{"linkerd-destination edge-26.6.3", "linkerd-identity edge-26.6.3", "linkerd-proxy-injector edge-26.6.3"}
	if diff := cmp.Diff(want, s.controls()); diff != "" {
		t.Errorf("control planes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"edge-26.6.3"}, s.linkerdProxies()); diff != "" {
		t.Errorf("proxies (-want +got):\n%s", diff)
	}
	if a, b, most := s.player.made("web"), s.player.made("api"), s.player.most; a != 2 || b != 2 || most > 1 {
		t.Errorf("pods were made %d and %d times, want once and once more; %d workloads at once", a, b, most)
	}

	s.linkerdRotates()

	s.edit(`{"spec":{"version":"2.18"}}`)
	s.says("Stalled=True/Skew")
	s.edit(`{"spec":{"version":"2.20"}}`)
	s.done("2.20.0")
	s.linkerdGoes()
}

// linkerdInstalled checks what trust was given, and that its key is in one
// Secret alone.
func (s *scene) linkerdInstalled() {
	s.t.Helper()
	issuer := s.secret("linkerd-identity-issuer")
	roots, err := bundle(s.t.Context(), s.Client, s.Namespace+"-system")
	if err != nil || roots == "" || roots != strings.TrimSpace(string(issuer.Data["ca.crt"])) {
		s.t.Errorf("proxies are told to trust %q, %v, and not what the issuer hangs on", roots, err)
	}
	if diff := cmp.Diff([]string{sum(roots)}, s.ofProxies(func(p *corev1.Pod) string { return p.Annotations["linkerd.io/trust-root-sha256"] })); diff != "" {
		s.t.Errorf("what pods note (-want +got):\n%s", diff)
	}
	keys := [][]byte{issuer.Data["tls.key"], s.secret("meshloom-root-" + s.Namespace).Data["tls.key"]}
	var kept corev1.SecretList
	if err := s.Client.List(s.t.Context(), &kept, client.InNamespace(s.Namespace+"-system"), client.MatchingLabels{"owner": "helm"}); err != nil || len(kept.Items) == 0 {
		s.t.Fatalf("%d releases, %v", len(kept.Items), err)
	}
	for i := range kept.Items {
		text := unpacked(s.t, kept.Items[i].Data["release"])
		if !bytes.Contains(text, []byte("linkerd")) {
			s.t.Errorf("release %s cannot be read", kept.Items[i].Name)
		}
		for _, key := range keys {
			line := bytes.Split(key, []byte("\n"))[1]
			if len(key) == 0 || bytes.Contains(text, line) {
				s.t.Errorf("a key is in the release %s", kept.Items[i].Name)
			}
		}
	}
}

// unpacked is a release as Helm keeps it.
func unpacked(t *testing.T, data []byte) []byte {
	t.Helper()
	packed, err := base64.StdEncoding.DecodeString(string(data))
	if err != nil {
		t.Fatal(err)
	}
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// linkerdRotates asks for another root: the charts bring both, and every
// workload is restarted once to learn them, while the old one signs.
func (s *scene) linkerdRotates() {
	s.t.Helper()
	before := s.secret("linkerd-identity-issuer")
	s.edit(fmt.Sprintf(`{"metadata":{"annotations":{%q:"now"}}}`, v1alpha1.AnnotationRotateRoot))
	s.EventuallyIn(60, "every proxy was given both roots", func() string {
		roots, err := bundle(s.t.Context(), s.Client, s.Namespace+"-system")
		if err != nil {
			return err.Error()
		}
		if n := strings.Count(roots, "BEGIN CERTIFICATE"); n != 2 {
			return fmt.Sprintf("%d roots", n)
		}
		return cmp.Diff([]string{sum(roots)}, s.ofProxies(func(p *corev1.Pod) string { return p.Annotations["linkerd.io/trust-root-sha256"] }))
	})
	m := s.done("2.20.0")
	if m.Status.Install.Trust == nil || m.Status.Install.Trust.Stage != v1alpha1.TrustIntroducing {
		s.t.Errorf("trust is %+v, want a root that is introduced", m.Status.Install.Trust)
	}
	if after := s.secret("linkerd-identity-issuer"); !bytes.Equal(after.Data["tls.crt"], before.Data["tls.crt"]) {
		s.t.Error("the next root signs before a day has gone by")
	}
	if a, b := s.player.made("web"), s.player.made("api"); a != 3 || b != 3 {
		s.t.Errorf("pods were made %d and %d times, want once more for the roots", a, b)
	}
}

// linkerdGoes takes the member out, and then the mesh away.
func (s *scene) linkerdGoes() {
	s.t.Helper()
	if err := s.Client.Delete(s.t.Context(), s.mesh()); err != nil {
		s.t.Fatal(err)
	}
	s.says("Stalled=True/MembersExist")
	ns := &corev1.Namespace{}
	ns.Name = s.Namespace + "-one"
	if err := s.Client.Patch(s.t.Context(), ns, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"meshloom.io/mesh":null},"annotations":{"linkerd.io/inject":null}}}`))); err != nil {
		s.t.Fatal(err)
	}
	for _, name := range []string{"web", "api"} {
		s.restart(name)
	}
	s.gone()
	if left := append(s.controls(), s.releases()...); len(left) > 0 {
		s.t.Errorf("left behind: %q", left)
	}
	var secrets corev1.SecretList
	if err := s.Client.List(s.t.Context(), &secrets, client.InNamespace(s.Namespace+"-system")); err != nil || len(secrets.Items) > 0 {
		s.t.Errorf("%d Secrets are left, %v", len(secrets.Items), err)
	}
	for _, name := range []string{"servers.policy.linkerd.io", "serviceprofiles.linkerd.io"} {
		if err := undefine(s.t.Context(), s.Client, name); err != nil {
			s.t.Errorf("CRD %s goes only when asked for: %v", name, err)
		}
	}
}
