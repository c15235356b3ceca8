package installer

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/helm"
	"github.com/meshloom/meshloom/internal/engine"
)

// acts do steps, one each. Steps that are not here change nothing.
var acts = map[install.StepKind]func(*controller, context.Context, turn) error{
	install.StepEnsureNamespace: (*controller).ensureNamespace,
	install.StepKeepTrust:       (*controller).entrust,
	install.StepWriteTrust:      (*controller).entrust,
	install.StepInstall:         (*controller).chart,
	install.StepUpgrade:         (*controller).chart,
	install.StepRollBack:        (*controller).chart,
	install.StepUninstall:       (*controller).chart,
	install.StepUnlock:          (*controller).chart,
	install.StepRecord:          (*controller).move,
	install.StepRestart:         (*controller).restart,
	install.StepRelease:         (*controller).release,
}

// ensureNamespace makes a namespace, marked as ours.
func (c *controller) ensureNamespace(ctx context.Context, t turn) error {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: t.step.Namespace, Labels: map[string]string{engine.LabelManagedBy: engine.ManagedBy}}}
	if err := c.client.Create(ctx, ns, client.FieldOwner(Manager)); err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	} else if err == nil {
		c.writes.add(t.mesh.Name, corev1.SchemeGroupVersion.WithKind("Namespace"), ns)
	}
	return nil
}

// actLimit is how long one act of Helm may take.
const actLimit = 10 * time.Minute

// chart has Helm do a step. Once begun it goes on when the process is told to
// end, for as long as that waits: a release that is cut off has to be unlocked.
func (c *controller) chart(ctx context.Context, t turn) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), actLimit)
	defer cancel()
	err := c.engine.Do(ctx, helm.Doing{
		Step: t.step, Owner: v1alpha1.KindMesh + "/" + t.mesh.Name, Charts: t.provider.Charts.Charts,
		TakeOver: t.mesh.Annotations[v1alpha1.AnnotationAdopt] == t.namespace, Definitions: agreed(t.mesh, "crds"),
	})
	if err != nil {
		return err
	}
	return c.expect(ctx, t)
}

// agreed says whether somebody agreed to something that the removal of a mesh
// may take along.
func agreed(mesh *v1alpha1.Mesh, to string) bool {
	if mesh.DeletionTimestamp == nil {
		return false
	}
	words := strings.FieldsFunc(mesh.Annotations[v1alpha1.AnnotationUninstall], func(r rune) bool { return r == ',' || r == ' ' })
	return slices.Contains(words, to)
}

// expect has the next decision wait until watches have told of what the gates
// of the chart look at: Helm does not say what it wrote.
func (c *controller) expect(ctx context.Context, t turn) error {
	for _, gate := range t.step.Chart.Gates {
		kind := gated(gate)
		object := partial(kind)
		err := c.live.Get(ctx, client.ObjectKey{Namespace: gate.Namespace, Name: gate.Name}, object)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("get %s: %w", gate, err)
		}
		c.writes.add(t.mesh.Name, kind, object)
	}
	return nil
}

// gated is the kind of object that a gate looks at.
func gated(gate install.Gate) schema.GroupVersionKind {
	switch gate.Kind {
	case install.DefinitionServed:
		return apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition")
	case install.WebhookTrusted:
		return admissionv1.SchemeGroupVersion.WithKind(gate.Resource)
	default:
		return appsv1.SchemeGroupVersion.WithKind(gate.Resource)
	}
}

// move records on a namespace which revision its new pods are to get.
func (c *controller) move(ctx context.Context, t turn) error {
	kind := corev1.SchemeGroupVersion.WithKind("Namespace")
	var ns corev1.Namespace
	if err := c.live.Get(ctx, client.ObjectKey{Name: t.step.Namespace}, &ns); err != nil {
		return err
	}
	body := applied(kind, &ns)
	if t.step.Revision != "" {
		body.SetAnnotations(map[string]string{v1alpha1.AnnotationRevision: t.step.Revision})
	}
	if err := c.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(body), client.FieldOwner(Manager)); err != nil {
		return err
	}
	c.writes.add(t.mesh.Name, kind, body)
	return nil
}

// applied returns the body of an apply to an object that is there; it never
// makes one that is gone.
func applied(kind schema.GroupVersionKind, object client.Object) *unstructured.Unstructured {
	body := &unstructured.Unstructured{Object: map[string]any{}}
	body.SetGroupVersionKind(kind)
	body.SetNamespace(object.GetNamespace())
	body.SetName(object.GetName())
	body.SetUID(object.GetUID())
	return body
}

// restart has the pods of a workload made anew, by its own rules.
func (c *controller) restart(ctx context.Context, t turn) error {
	w := t.step.Workload
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"template": map[string]any{"metadata": map[string]any{
		"annotations": map[string]string{v1alpha1.AnnotationRestartedAt: time.Now().UTC().Format(time.RFC3339Nano)},
	}}}})
	if err != nil {
		return fmt.Errorf("encode patch: %w", err)
	}
	kind := appsv1.SchemeGroupVersion.WithKind(w.Kind)
	object := partial(kind)
	object.SetNamespace(w.Namespace)
	object.SetName(w.Name)
	if err := c.client.Patch(ctx, object, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(Manager)); err != nil {
		return err
	}
	c.writes.add(t.mesh.Name, kind, object)
	return nil
}

// release lets a Mesh go whose mesh is removed.
func (c *controller) release(ctx context.Context, t turn) error { return c.unhold(ctx, t.mesh) }
