package helm_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/kube"
	"helm.sh/helm/v4/pkg/release/common"
	releasev1 "helm.sh/helm/v4/pkg/release/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/helm"
)

// byHand is Helm as a person uses it.
func (r *rig) byHand() *action.Configuration {
	r.t.Helper()
	flags := genericclioptions.NewConfigFlags(false)
	flags.APIServer, flags.Namespace = &r.config.Host, &r.namespace
	flags.WrapConfigFn = func(*rest.Config) *rest.Config { return rest.CopyConfig(r.config) }
	config := action.NewConfiguration(action.ConfigurationSetLogger(slog.NewTextHandler(io.Discard, nil)))
	r.must(config.Init(flags, r.namespace, "secret"))
	return config
}

func TestInstallThatFailsHalfWay(t *testing.T) {
	r := newRig(t)
	work := plane(r.namespace, map[string]any{"broken": true})
	err := r.engine.Install(t.Context(), work)
	if got := refusal(t, err); got.Reason != v1alpha1.ReasonInstallFailed || !strings.Contains(got.Message, r.namespace+"/plane apps/v1, Kind=Deployment") {
		t.Errorf("refusal %s: %s\nwant one that names the Deployment", got.Reason, got.Message)
	}
	rel := r.expect(1, install.Failed, install.Digest(work.Chart))
	if !rel.Ours || rel.Interrupted() || !strings.Contains(rel.Description, "Deployment") {
		t.Errorf("ours %t, interrupted %t, %q", rel.Ours, rel.Interrupted(), rel.Description)
	}
	r.must(r.engine.Uninstall(t.Context(), helm.Removal{Namespace: r.namespace, Name: "plane"}))
	if _, err := r.client.CoreV1().ConfigMaps(r.namespace).Get(t.Context(), "plane", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("what was made until it failed is still there: %v", err)
	}
}

func TestUpgradeThatFailsHalfWay(t *testing.T) {
	r := newRig(t)
	good := plane(r.namespace, map[string]any{"image": "example.com/plane:1"})
	r.must(r.engine.Install(t.Context(), good))
	before := r.deployment()
	bad := plane(r.namespace, map[string]any{"image": "example.com/plane:2", "broken": true})
	_ = refusal(t, r.engine.Upgrade(t.Context(), bad))
	rel := r.expect(2, install.Failed, install.Digest(bad.Chart))
	if !rel.Ours || !strings.Contains(rel.Description, "Deployment") {
		t.Errorf("ours %t, %q", rel.Ours, rel.Description)
	}
	if got := r.configMap()["image"]; got != "example.com/plane:2" {
		t.Fatalf("the ConfigMap has image %s: the test wants an upgrade that wrote it before it failed", got)
	}
	r.must(r.engine.RollBack(t.Context(), helm.Back{Namespace: r.namespace, Name: "plane", To: 1, Why: "rolled back"}))
	r.expect(3, install.Deployed, install.Digest(good.Chart))
	if got := r.configMap()["image"]; got != "example.com/plane:1" {
		t.Errorf("after the rollback the ConfigMap has image %s", got)
	}
	if after := r.deployment(); after.Generation != before.Generation {
		t.Errorf("the Deployment that was never changed has generation %d, want %d", after.Generation, before.Generation)
	}
	// A failed release is upgraded as it is where somebody mended what was asked.
	_ = refusal(t, r.engine.Upgrade(t.Context(), bad))
	mended := plane(r.namespace, map[string]any{"image": "example.com/plane:3"})
	r.must(r.engine.Upgrade(t.Context(), mended))
	r.expect(5, install.Deployed, install.Digest(mended.Chart))
}

func TestUnlock(t *testing.T) {
	r := newRig(t)
	work := plane(r.namespace, nil)
	r.must(r.engine.Install(t.Context(), work))
	config := r.byHand()
	last, err := config.Releases.Last("plane")
	r.must(err)
	pending := *last.(*releasev1.Release)
	pending.Version++
	pending.Labels = map[string]string{"meshloom.io/owner": "Mesh.shop", "meshloom.io/written": "2", "meshloom.io/digest": "abc"}
	pending.Info.Status, pending.Info.Description = common.StatusPendingUpgrade, "Preparing upgrade"
	r.must(config.Releases.Create(&pending))
	if rel := r.expect(2, install.Pending, "abc"); !rel.Ours {
		t.Error("what we were writing is taken for somebody else's")
	}
	if err := r.engine.Upgrade(t.Context(), work); err == nil {
		t.Error("a pending release was upgraded")
	}
	r.must(r.engine.Unlock(t.Context(), r.namespace, "plane"))
	if rel := r.expect(2, install.Failed, "abc"); !rel.Interrupted() || !rel.Ours {
		t.Errorf("unlocked: interrupted %t, ours %t, %q", rel.Interrupted(), rel.Ours, rel.Description)
	}
	r.must(r.engine.Unlock(t.Context(), r.namespace, "plane"))
	r.must(r.engine.Upgrade(t.Context(), work))
	r.expect(3, install.Deployed, install.Digest(work.Chart))
	r.must(r.engine.Unlock(t.Context(), r.namespace, "plane"))
	r.expect(3, install.Deployed, install.Digest(work.Chart))
}

func TestChangesByHandAreSeen(t *testing.T) {
	r := newRig(t)
	first, second := plane(r.namespace, nil), plane(r.namespace, map[string]any{"replicas": 2})
	r.must(r.engine.Install(t.Context(), first))
	r.must(r.engine.Upgrade(t.Context(), second))
	back := action.NewRollback(r.byHand())
	back.Version, back.WaitStrategy, back.Timeout = 1, kube.HookOnlyStrategy, time.Minute
	r.must(back.Run("plane"))
	if rel := r.release(); rel.Revision != 3 || rel.Ours || rel.Owner != "Mesh/shop" {
		t.Errorf("after helm rollback: revision %d, ours %t, owner %s", rel.Revision, rel.Ours, rel.Owner)
	}
	r.must(r.engine.Upgrade(t.Context(), second))
	if rel := r.expect(4, install.Deployed, install.Digest(second.Chart)); !rel.Ours {
		t.Error("our upgrade over a change by hand is not ours")
	}
	chart, err := loader.LoadDir("testdata/charts/plane")
	r.must(err)
	up := action.NewUpgrade(r.byHand())
	up.Namespace, up.WaitStrategy, up.Timeout, up.ForceConflicts = r.namespace, kube.HookOnlyStrategy, time.Minute, true
	_, err = up.RunWithContext(t.Context(), "plane", chart, map[string]any{"replicas": 5})
	r.must(err)
	if rel := r.release(); rel.Revision != 5 || rel.Ours || rel.Owner != "Mesh/shop" {
		t.Errorf("after helm upgrade: revision %d, ours %t, owner %s", rel.Revision, rel.Ours, rel.Owner)
	}
	in := action.NewInstall(r.byHand())
	in.Namespace, in.ReleaseName, in.WaitStrategy, in.Timeout = r.namespace, "zforeign", kube.HookOnlyStrategy, time.Minute
	_, err = in.RunWithContext(t.Context(), chart, map[string]any{})
	r.must(err)
	all, err := r.engine.Releases(t.Context())
	r.must(err)
	for _, rel := range all {
		if rel.Name == "zforeign" && (rel.Ours || rel.Owner != "" || rel.Digest != "") {
			t.Errorf("a release of nobody is seen as %+v", rel)
		}
	}
}

// failing returns an engine whose requests fail from when the function says so.
func (r *rig) failing(fails func(*http.Request) bool) *helm.Engine {
	config := rest.CopyConfig(r.config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return trip(func(req *http.Request) (*http.Response, error) {
			if fails(req) {
				return nil, syscall.ECONNREFUSED
			}
			return next.RoundTrip(req)
		})
	})
	return helm.New(helm.Options{Config: config, Namespace: r.namespace})
}

func TestAnEndedContextCutsNothingOff(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	ending := r.failing(func(req *http.Request) bool {
		if req.Method == http.MethodPatch {
			cancel()
		}
		return false
	})
	work := plane(r.namespace, nil)
	r.must(ending.Install(ctx, work))
	r.expect(1, install.Deployed, install.Digest(work.Chart))
	if err := ending.Upgrade(ctx, work); !errors.Is(err, context.Canceled) {
		t.Errorf("a step that begins after the end: %v", err)
	}
	r.expect(1, install.Deployed, install.Digest(work.Chart))
}

func TestWhatPassesIsTriedAgain(t *testing.T) {
	r := newRig(t)
	work := plane(r.namespace, nil)
	shaky := r.failing(func(req *http.Request) bool {
		return req.Method == http.MethodPatch && strings.Contains(req.URL.Path, "deployments")
	})
	err := shaky.Install(t.Context(), work)
	var refused *install.Refusal
	if err == nil || errors.As(err, &refused) {
		t.Errorf("an API server that goes away gives %v, want an error that is no refusal", err)
	}
	if rel := r.expect(1, install.Failed, install.Digest(work.Chart)); !rel.Interrupted() || !rel.Ours {
		t.Errorf("interrupted %t, ours %t, %q", rel.Interrupted(), rel.Ours, rel.Description)
	}
	r.must(r.engine.Upgrade(t.Context(), work))
	r.expect(2, install.Deployed, install.Digest(work.Chart))
	gone := r.failing(func(*http.Request) bool { return true })
	if err := gone.Upgrade(t.Context(), plane(r.namespace, map[string]any{"replicas": 2})); err == nil || errors.As(err, &refused) {
		t.Errorf("no API server gives %v, want an error that is no refusal", err)
	}
	r.expect(2, install.Deployed, install.Digest(work.Chart))
}
