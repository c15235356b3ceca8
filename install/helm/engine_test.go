package helm_test

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/helm"
	"github.com/meshloom/meshloom/test/envtest"
)

func TestMain(m *testing.M) { os.Exit(envtest.Main(m)) }

// charts are those that come with the binary, as far as the tests go.
func charts() fs.FS { return os.DirFS("testdata/charts") }

// plane is a chart of three objects in a namespace.
func plane(namespace string, values map[string]any) helm.Work {
	return helm.Work{Owner: "Mesh/shop", Charts: charts(), Chart: install.Chart{
		Release: "plane", Namespace: namespace, Name: "plane", Version: "1.31.0", Path: "plane", Revision: "shop-1-31-0",
		Source: install.Source{Kind: install.Embedded}, Values: values,
	}}
}

// rig is an engine and a namespace of the test's own on a real API server.
type rig struct {
	t         *testing.T
	config    *rest.Config
	engine    *helm.Engine
	client    kubernetes.Interface
	namespace string
}

func newRig(t *testing.T) *rig {
	t.Helper()
	config := envtest.Config(t)
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	name := "t" + strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(strings.TrimPrefix(t.Name(), "Test")))
	name = name[:min(len(name), 40)]
	if _, err := client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return &rig{t: t, config: config, client: client, namespace: name, engine: helm.New(helm.Options{Config: config, Namespace: name})}
}

// must ends the test on an error.
func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// release returns the release of the rig's namespace, or nil.
func (r *rig) release() *install.Release {
	r.t.Helper()
	all, err := r.engine.Releases(r.t.Context())
	r.must(err)
	for i := range all {
		if all[i].Namespace == r.namespace {
			return &all[i]
		}
	}
	return nil
}

// expect compares the release with what it should be.
func (r *rig) expect(revision int, status install.ReleaseStatus, digest string) *install.Release {
	r.t.Helper()
	rel := r.release()
	if rel == nil {
		r.t.Fatal("there is no release")
	}
	if rel.Revision != revision || rel.Status != status || rel.Digest != digest {
		r.t.Fatalf("revision %d, %s, digest %s (%s)\nwant revision %d, %s, digest %s",
			rel.Revision, rel.Status, rel.Digest, rel.Description, revision, status, digest)
	}
	return rel
}

func (r *rig) deployment() *appsv1.Deployment {
	r.t.Helper()
	d, err := r.client.AppsV1().Deployments(r.namespace).Get(r.t.Context(), "plane", metav1.GetOptions{})
	r.must(err)
	return d
}

func (r *rig) configMap() map[string]string {
	r.t.Helper()
	m, err := r.client.CoreV1().ConfigMaps(r.namespace).Get(r.t.Context(), "plane", metav1.GetOptions{})
	r.must(err)
	return m.Data
}

// refusal returns the refusal that an error is.
func refusal(t *testing.T, err error) *install.Refusal {
	t.Helper()
	var r *install.Refusal
	if !errors.As(err, &r) {
		t.Fatalf("error %v, want a refusal", err)
	}
	return r
}

// counted returns a copy of a configuration whose requests are counted by
// method and path.
func counted(config *rest.Config) (*rest.Config, func() []string) {
	var (
		mu   sync.Mutex
		seen []string
	)
	config = rest.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return trip(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			seen = append(seen, r.Method+" "+r.URL.Path)
			mu.Unlock()
			return next.RoundTrip(r)
		})
	})
	return config, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return seen
	}
}

type trip func(*http.Request) (*http.Response, error)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestLifeOfARelease(t *testing.T) {
	r := newRig(t)
	first := plane(r.namespace, map[string]any{"image": "example.com/plane:1"})
	r.must(r.engine.Install(t.Context(), first))
	rel := r.expect(1, install.Deployed, install.Digest(first.Chart))
	if !rel.Ours || rel.Owner != "Mesh/shop" || rel.Chart != "plane" || rel.ChartVersion != "1.31.0" || rel.AppVersion != "1.31.0" ||
		rel.Labels["meshloom.io/revision"] != "shop-1-31-0" || !strings.HasPrefix(rel.Description, "Meshloom: installed") ||
		time.Since(rel.Updated) > time.Minute {
		t.Errorf("the release is seen as %+v", rel)
	}
	if got := r.configMap(); got["version"] != "1.31.0" || got["image"] != "example.com/plane:1" {
		t.Errorf("objects were made of %v", got)
	}
	second := plane(r.namespace, map[string]any{"image": "example.com/plane:2", "replicas": 2})
	second.Chart.Version = "1.31.1"
	r.must(r.engine.Upgrade(t.Context(), second))
	rel = r.expect(2, install.Deployed, install.Digest(second.Chart))
	if len(rel.History) != 1 || rel.History[0] != (install.PastRevision{Revision: 1, Deployed: true, Digest: install.Digest(first.Chart), AppVersion: "1.31.0"}) {
		t.Errorf("history %+v", rel.History)
	}
	if got := *r.deployment().Spec.Replicas; got != 2 {
		t.Errorf("%d replicas, want 2", got)
	}
	r.must(r.engine.RollBack(t.Context(), helm.Back{Namespace: r.namespace, Name: "plane", To: 1, Why: "it did not start"}))
	rel = r.expect(3, install.Deployed, install.Digest(first.Chart))
	if !rel.Ours || rel.Description != "Meshloom: it did not start" || rel.Labels[v1alpha1.LabelWritten] != "3" {
		t.Errorf("after the rollback: ours %t, %q, %v", rel.Ours, rel.Description, rel.Labels)
	}
	if got := *r.deployment().Spec.Replicas; got != 1 || r.configMap()["image"] != "example.com/plane:1" {
		t.Errorf("after the rollback: %d replicas, %v", got, r.configMap())
	}
	r.must(r.engine.Uninstall(t.Context(), helm.Removal{Namespace: r.namespace, Name: "plane"}))
	if rel := r.release(); rel != nil {
		t.Errorf("after the removal there is %+v", rel)
	}
	r.must(r.engine.Uninstall(t.Context(), helm.Removal{Namespace: r.namespace, Name: "plane"}))
	if all, err := r.client.AppsV1().Deployments(r.namespace).List(t.Context(), metav1.ListOptions{}); err != nil || len(all.Items) > 0 {
		t.Errorf("after the removal: %d Deployments, %v", len(all.Items), err)
	}
}

func isRefusal(err error) bool {
	var r *install.Refusal
	return errors.As(err, &r)
}
