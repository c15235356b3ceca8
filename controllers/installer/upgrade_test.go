package installer_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// settled is a scene with a mesh of version 1.0 and a member, whose workloads
// carry its proxy.
func settled(t *testing.T, strategy v1alpha1.UpgradeStrategy) *scene {
	t.Helper()
	s := newScene(t)
	s.Apply(strings.Replace(shop, "Canary", string(strategy), 1))
	s.Install(mesh(), calm)
	s.done("1.0.0")
	namespace, _, _ := strings.Cut(member, "\n---")
	s.Apply(namespace)
	s.Eventually("the member is marked", func() string {
		var ns corev1.Namespace
		if err := s.Client.Get(t.Context(), types.NamespacedName{Name: s.Namespace + "-one"}, &ns); err != nil {
			return err.Error()
		}
		if ns.Labels[labelRevision] == "" {
			return "not yet"
		}
		return ""
	})
	s.Apply(member)
	s.Eventually("pods have the proxy", func() string { return cmp.Diff([]string{"proxy:1.0.0"}, s.proxies()) })
	s.done("1.0.0")
	return s
}

// TestUpgrades moves workloads from one version to the next, each restarted
// once and one at a time, and leaves nothing of the old one.
func TestUpgrades(t *testing.T) {
	for _, strategy := range []v1alpha1.UpgradeStrategy{v1alpha1.UpgradeCanary, v1alpha1.UpgradeInPlace} {
		t.Run(string(strategy), func(t *testing.T) {
			s := settled(t, strategy)
			old := s.mesh().Status.Install.Revision
			s.edit(`{"spec":{"version":"1.1"}}`)
			s.says("Upgrading=True/Upgrading")
			m := s.done("1.1.0")
			if canary := strategy == v1alpha1.UpgradeCanary; canary == (m.Status.Install.Revision == old) {
				t.Errorf("revision %s after %s", m.Status.Install.Revision, old)
			}
			if got := s.controls(); len(got) != 1 || !strings.HasSuffix(got[0], "1.1.0") {
				t.Errorf("control planes %q", got)
			}
			if diff := cmp.Diff([]string{"proxy:1.1.0"}, s.proxies()); diff != "" {
				t.Error(diff)
			}
			for _, name := range []string{"web", "api"} {
				if n := s.player.made(name); n != 2 {
					t.Errorf("%s was made %d times, want once and once more", name, n)
				}
			}
			if s.player.most > 1 {
				t.Errorf("%d workloads were restarting at once", s.player.most)
			}
			for _, want := range []string{"WorkloadRestarted", "NamespaceMoved"} {
				if got := s.story(); !slices.Contains(got, want) && (want != "NamespaceMoved" || strategy == v1alpha1.UpgradeCanary) {
					t.Errorf("no event %s among %q", want, got)
				}
			}
		})
	}
}

// TestRestartsAreTheUsers shows that without consent nothing is restarted.
func TestRestartsAreTheUsers(t *testing.T) {
	s := settled(t, v1alpha1.UpgradeCanary)
	s.edit(`{"spec":{"version":"1.1","upgrade":{"restarts":"Manual"}}}`)
	s.says("Upgrading=True/RestartRequired")
	if n := s.player.made("web") + s.player.made("api"); n != 2 {
		t.Errorf("pods were made %d times", n)
	}
	if got := s.controls(); len(got) != 2 {
		t.Errorf("control planes %q, while pods use the old one", got)
	}
	s.restart("web")
	s.restart("api")
	s.done("1.1.0")
	if got := s.controls(); len(got) != 1 {
		t.Errorf("control planes %q", got)
	}
}

// TestBrokenUpgradeIsRolledBack has a chart fail half way, after its control
// plane was replaced.
func TestBrokenUpgradeIsRolledBack(t *testing.T) {
	s := newScene(t)
	s.Apply(strings.Replace(shop, "Canary", "InPlace", 1))
	s.Install(mesh(), calm)
	s.done("1.0.0")
	before := s.controls()
	s.edit(`{"spec":{"helm":{"values":{"broken":true,"replicas":3}}}}`)
	s.says("Stalled=True/RolledBack")
	if diff := cmp.Diff(before, s.controls()); diff != "" {
		t.Error(diff)
	}
	var control appsv1.Deployment
	if err := s.Client.Get(t.Context(), types.NamespacedName{Namespace: s.Namespace + "-system", Name: "control-" + s.mesh().Status.Install.Revision}, &control); err != nil {
		t.Fatal(err)
	}
	if n := *control.Spec.Replicas; n != 1 {
		t.Errorf("%d replicas: not what was before", n)
	}
	if got := s.story(); !slices.Contains(got, "ChartRolledBack") || !slices.Contains(got, "InstallFailed") {
		t.Errorf("events %q", got)
	}
	s.edit(`{"spec":{"helm":{"values":{"broken":false,"replicas":2}}}}`)
	s.done("1.0.0")
}

// TestRefusedValuesChangeNothing has the chart's schema refuse values.
func TestRefusedValuesChangeNothing(t *testing.T) {
	s := newScene(t)
	s.Apply(shop)
	s.Install(mesh(), calm)
	s.done("1.0.0")
	before := s.releases()
	s.edit(`{"spec":{"helm":{"values":{"replicas":"many"}}}}`)
	m := s.says("Stalled=True/InstallFailed")
	if text := m.Status.Install.Conditions[len(m.Status.Install.Conditions)-1].Message; !strings.Contains(text, "replicas") {
		t.Errorf("the message does not name the value: %s", text)
	}
	if diff := cmp.Diff(before, s.releases()); diff != "" {
		t.Error(diff)
	}
}
