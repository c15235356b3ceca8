package helm_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

func TestWhatOthersMadeIsTakenOnlyIfAgreed(t *testing.T) {
	r := newRig(t)
	theirs := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "plane"}, Data: map[string]string{"image": "theirs"}}
	_, err := r.client.CoreV1().ConfigMaps(r.namespace).Create(t.Context(), theirs, metav1.CreateOptions{})
	r.must(err)
	work := plane(r.namespace, nil)
	if got := refusal(t, r.engine.Install(t.Context(), work)); !strings.Contains(got.Message, `ConfigMap "plane"`) {
		t.Errorf("the refusal does not name the object: %s", got.Message)
	}
	if rel := r.release(); rel != nil || r.configMap()["image"] != "theirs" {
		t.Errorf("what was refused left %+v and %v", rel, r.configMap())
	}
	work.TakeOver = true
	r.must(r.engine.Install(t.Context(), work))
	rel := r.expect(1, install.Deployed, install.Digest(work.Chart))
	if rel.Labels[v1alpha1.LabelTakenOver] != rel.Digest || r.configMap()["image"] != "example.com/plane:1" {
		t.Errorf("what was taken over: labels %v, %v", rel.Labels, r.configMap())
	}
	next := plane(r.namespace, map[string]any{"replicas": 2})
	next.TakeOver = true
	r.must(r.engine.Upgrade(t.Context(), next))
	if rel := r.expect(2, install.Deployed, install.Digest(next.Chart)); rel.Labels[v1alpha1.LabelTakenOver] == rel.Digest {
		t.Error("an upgrade that took over nothing says that it did")
	}
}

func TestNothingInTheWayIsTakenOver(t *testing.T) {
	r := newRig(t)
	work := plane(r.namespace, nil)
	work.TakeOver = true
	r.must(r.engine.Install(t.Context(), work))
	if rel := r.release(); rel.Labels[v1alpha1.LabelTakenOver] != "" {
		t.Errorf("an installation that took over nothing says that it did: %v", rel.Labels)
	}
}
