package resolve

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/translators/ir"
)

func TestMostObjectsGo(t *testing.T) {
	service := func(n int) *corev1.Service {
		name := fmt.Sprintf("s-%04d", n)
		return &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name},
			Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": name}},
		}
	}
	pod := func(n int) *corev1.Pod {
		name := fmt.Sprintf("s-%04d", n)
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, Labels: map[string]string{"app": name}}}
	}
	const all, stay = 2 * minShed, 10
	store := NewStore(Options{})
	for n := range all {
		store.Upsert(service(n))
		store.Upsert(pod(n))
	}
	for n := stay; n < all; n++ {
		store.Delete(service(n))
		store.Delete(pod(n))
	}
	if store.removed >= minShed {
		t.Errorf("%d objects went and no room was given back", store.removed)
	}
	few := NewStore(Options{})
	for n := range stay {
		few.Upsert(service(n))
		few.Upsert(pod(n))
	}
	if diff := cmp.Diff(few.Refs(kindService), store.Refs(kindService)); diff != "" {
		t.Errorf("services that stay (-want +got):\n%s", diff)
	}
	if got := store.workloadsSelectedBy("shop", map[string]string{"app": "s-0003"}); len(got) != 1 {
		t.Errorf("pods of a service that stays: %v", got)
	}
	ref := ir.Ref{Kind: kindService, Namespace: "shop", Name: "s-0003"}
	store.Delete(service(3))
	if _, ok := store.Object(ref); ok {
		t.Error("a service that goes later stays")
	}
}
