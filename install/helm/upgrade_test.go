package helm_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/helm"
)

// trust does to the chart's webhook what control planes do: a CA, and a failure
// policy for the time in which they serve.
func (r *rig) trust() {
	r.t.Helper()
	patch := `[{"op":"add","path":"/webhooks/0/clientConfig/caBundle","value":"Q0E="},{"op":"replace","path":"/webhooks/0/failurePolicy","value":"Fail"}]`
	_, err := r.client.AdmissionregistrationV1().ValidatingWebhookConfigurations().Patch(r.t.Context(), "plane-"+r.namespace,
		types.JSONPatchType, []byte(patch), metav1.PatchOptions{FieldManager: "plane-discovery"})
	r.must(err)
}

func (r *rig) webhook() admissionv1.ValidatingWebhook {
	r.t.Helper()
	w, err := r.client.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(r.t.Context(), "plane-"+r.namespace, metav1.GetOptions{})
	r.must(err)
	return w.Webhooks[0]
}

func TestUpgradeOverWhatControlPlanesPatch(t *testing.T) {
	r := newRig(t)
	r.must(r.engine.Install(t.Context(), plane(r.namespace, nil)))
	r.trust()
	if drift, err := r.engine.Drift(t.Context(), r.namespace, "plane"); err != nil || len(drift) > 0 {
		t.Errorf("what a control plane sets on its webhook is drift: %v, %v", drift, err)
	}
	r.must(r.engine.Upgrade(t.Context(), plane(r.namespace, map[string]any{"replicas": 2})))
	if hook := r.webhook(); string(hook.ClientConfig.CABundle) != "CA" || *hook.FailurePolicy != admissionv1.Ignore {
		t.Errorf("after the upgrade: CA %q, failure policy %s; want the CA kept and the chart's policy", hook.ClientConfig.CABundle, *hook.FailurePolicy)
	}
	r.trust()
	r.must(r.engine.RollBack(t.Context(), helm.Back{Namespace: r.namespace, Name: "plane", To: 1, Why: "rolled back"}))
	if hook := r.webhook(); string(hook.ClientConfig.CABundle) != "CA" {
		t.Errorf("after the rollback: CA %q, want it kept", hook.ClientConfig.CABundle)
	}
}

func TestNullsTakeAwayWhatTheChartSets(t *testing.T) {
	r := newRig(t)
	r.must(r.engine.Install(t.Context(), plane(r.namespace, nil)))
	if got := r.configMap()["cached"]; got != "keep" {
		t.Fatalf("by default cached is %q", got)
	}
	values := install.MergeValues(map[string]any{"image": "example.com/plane:2"}, map[string]any{"cached": nil})
	r.must(r.engine.Upgrade(t.Context(), plane(r.namespace, values)))
	if got, ok := r.configMap()["cached"]; ok {
		t.Errorf("after a null, cached is %q", got)
	}
	// Values of the upgrade before are not carried along.
	r.must(r.engine.Upgrade(t.Context(), plane(r.namespace, nil)))
	if got := r.configMap(); got["cached"] != "keep" || got["image"] != "example.com/plane:1" {
		t.Errorf("without values: %v", got)
	}
}

func TestDrift(t *testing.T) {
	r := newRig(t)
	r.must(r.engine.Install(t.Context(), plane(r.namespace, nil)))
	if drift, err := r.engine.Drift(t.Context(), r.namespace, "plane"); err != nil || len(drift) > 0 {
		t.Fatalf("right after the installation: %v, %v", drift, err)
	}
	d := r.deployment()
	replicas := int32(7)
	d.Spec.Replicas = &replicas
	_, err := r.client.AppsV1().Deployments(r.namespace).Update(t.Context(), d, metav1.UpdateOptions{FieldManager: "person"})
	r.must(err)
	r.must(r.client.CoreV1().ConfigMaps(r.namespace).Delete(t.Context(), "plane", metav1.DeleteOptions{}))
	got, err := r.engine.Drift(t.Context(), r.namespace, "plane")
	r.must(err)
	want := []helm.ObjectChange{
		{Action: helm.Add, Kind: "ConfigMap", Namespace: r.namespace, Name: "plane"},
		{Action: helm.Change, Kind: "Deployment", Namespace: r.namespace, Name: "plane", Fields: []helm.FieldChange{
			{Field: "spec.replicas", Have: "7", Want: "1"},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("drift (-want +got):\n%s", diff)
	}
	if got := *r.deployment().Spec.Replicas; got != 7 {
		t.Errorf("looking at drift changed replicas to %d", got)
	}
}

func TestChangeOfReadsOnly(t *testing.T) {
	r := newRig(t)
	config, calls := counted(r.config)
	engine := helm.New(helm.Options{Config: config, Namespace: r.namespace})
	got, err := engine.ChangeOf(t.Context(), plane(r.namespace, nil))
	r.must(err)
	if len(got) != 3 || got[0].Action != helm.Add {
		t.Errorf("of an installation: %v, want three objects added", got)
	}
	r.must(r.engine.Install(t.Context(), plane(r.namespace, nil)))
	if got, err = engine.ChangeOf(t.Context(), plane(r.namespace, nil)); err != nil || len(got) > 0 {
		t.Errorf("of what is there: %v, %v, want nothing", got, err)
	}
	got, err = engine.ChangeOf(t.Context(), plane(r.namespace, map[string]any{"image": "example.com/plane:2"}))
	r.must(err)
	want := []helm.ObjectChange{
		{Action: helm.Change, Kind: "ConfigMap", Namespace: r.namespace, Name: "plane", Fields: []helm.FieldChange{
			{Field: "data.image", Have: `"example.com/plane:1"`, Want: `"example.com/plane:2"`},
		}},
		{Action: helm.Change, Kind: "Deployment", Namespace: r.namespace, Name: "plane", Fields: []helm.FieldChange{
			{Field: "spec.template.spec.containers[0].image", Have: `"example.com/plane:1"`, Want: `"example.com/plane:2"`},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	early, err := engine.ChangeOf(t.Context(), plane(r.namespace, map[string]any{"early": true}))
	if err != nil || len(early) != 1 || early[0].Kind != "Late" {
		t.Errorf("of an object whose CRD is to come: %v, %v, want it added", early, err)
	}
	serving := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "serving"}}
	_, err = r.client.CoreV1().ConfigMaps(r.namespace).Create(t.Context(), serving, metav1.CreateOptions{})
	r.must(err)
	looked, err := engine.ChangeOf(t.Context(), plane(r.namespace, nil))
	if err != nil || len(looked) != 1 || len(looked[0].Fields) != 1 || looked[0].Fields[0].Field != "webhooks[0].failurePolicy" {
		t.Errorf("of what the chart looks up: %v, %v, want one field", looked, err)
	}
	for _, call := range calls() {
		if !strings.HasPrefix(call, "GET ") {
			t.Errorf("a look made the call %s", call)
		}
	}
}

func TestRenderAsksNobody(t *testing.T) {
	config, calls := counted(newRig(t).config)
	engine := helm.New(helm.Options{Config: config})
	rendering := helm.Rendering{Work: plane("somewhere", map[string]any{"replicas": 3}), Kubernetes: "1.34.1"}
	first, err := engine.Render(t.Context(), rendering)
	if err != nil {
		t.Fatal(err)
	}
	second, err := engine.Render(t.Context(), rendering)
	if err != nil || first != second {
		t.Errorf("rendered twice, it differs: %v\n%s", err, cmp.Diff(first, second))
	}
	for _, want := range []string{"replicas: 3", `version: "1.31.0"`, "name: plane-somewhere"} {
		if !strings.Contains(first, want) {
			t.Errorf("%q is not in what was rendered:\n%s", want, first)
		}
	}
	offline := helm.New(helm.Options{})
	if third, err := offline.Render(t.Context(), rendering); err != nil || third != first {
		t.Errorf("without a cluster: %v", err)
	}
	definitions := rendering
	definitions.Chart.Name, definitions.Chart.Path, definitions.Chart.Release, definitions.Chart.Values = "base", "base", "base", nil
	text, err := offline.Render(t.Context(), definitions)
	if err != nil || !strings.Contains(text, "name: folders.test.meshloom.io") || !strings.Contains(text, "helm.sh/resource-policy: keep") {
		t.Errorf("CRDs are not all rendered, or not kept: %v\n%s", err, text)
	}
	if made := calls(); len(made) > 0 {
		t.Errorf("rendering made the calls %v", made)
	}
}

func TestValidate(t *testing.T) {
	engine := helm.New(helm.Options{})
	if err := engine.Validate(t.Context(), plane("x", map[string]any{"replicas": 2})); err != nil {
		t.Errorf("good values: %v", err)
	}
	err := engine.Validate(t.Context(), plane("x", map[string]any{"replicas": "two", "resources": map[string]any{"memory": 1}}))
	got := refusal(t, err)
	for _, want := range []string{"chart plane 1.31.0", "replicas: got string, want integer", "resources: additional properties 'memory' not allowed", "helm.values"} {
		if !strings.Contains(got.Message, want) {
			t.Errorf("%q is not in: %s", want, got.Message)
		}
	}
	r := newRig(t)
	r.must(r.engine.Install(t.Context(), plane(r.namespace, nil)))
	_ = refusal(t, r.engine.Upgrade(t.Context(), plane(r.namespace, map[string]any{"replicas": 0})))
	if rel := r.release(); rel.Revision != 1 || rel.Status != install.Deployed {
		t.Errorf("values that the chart refuses made revision %d, %s", rel.Revision, rel.Status)
	}
}

func TestReleasesSideBySide(t *testing.T) {
	r := newRig(t)
	const many = 6
	var group sync.WaitGroup
	errs := make(chan error, 3*many)
	for i := range many {
		namespace := fmt.Sprintf("%s-%d", r.namespace, i)
		_, err := r.client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
		r.must(err)
		group.Go(func() {
			errs <- r.engine.Install(t.Context(), plane(namespace, map[string]any{"replicas": i + 1}))
			_, err := r.engine.Releases(t.Context())
			errs <- err
			errs <- r.engine.Upgrade(t.Context(), plane(namespace, map[string]any{"replicas": i + 2}))
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		r.must(err)
	}
	all, err := r.engine.Releases(t.Context())
	r.must(err)
	all = slices.DeleteFunc(all, func(rel install.Release) bool { return !strings.HasPrefix(rel.Namespace, r.namespace+"-") })
	if len(all) != many {
		t.Fatalf("%d releases, want %d", len(all), many)
	}
	for i, rel := range all {
		want := install.Digest(plane("", map[string]any{"replicas": i + 2}).Chart)
		if rel.Revision != 2 || rel.Status != install.Deployed || rel.Digest != want {
			t.Errorf("%s: revision %d, %s, digest %s, want 2, deployed, %s", rel.Namespace, rel.Revision, rel.Status, rel.Digest, want)
		}
	}
}

func TestStepsOnOneReleaseExcludeEachOther(t *testing.T) {
	r := newRig(t)
	const many = 4
	errs := make(chan error, many)
	for range many {
		go func() { errs <- r.engine.Install(t.Context(), plane(r.namespace, nil)) }()
	}
	done := 0
	for range many {
		if <-errs == nil {
			done++
		}
	}
	if done != 1 {
		t.Errorf("%d of %d installations of one release succeeded, want 1", done, many)
	}
	r.expect(1, install.Deployed, install.Digest(plane("", nil).Chart))
}
