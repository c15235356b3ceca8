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
var acts = map[install.StepKind]func(*actor, context.Context, turn) error{
	install.StepEnsureNamespace: (*actor).ensureNamespace,
	install.StepKeepTrust:       (*actor).entrust,
	install.StepWriteTrust:      (*actor).entrust,
	install.StepInstall:         (*actor).chart,
	install.StepUpgrade:         (*actor).chart,
	install.StepRollBack:        (*actor).chart,
	install.StepUninstall:       (*actor).chart,
	install.StepUnlock:          (*actor).chart,
	install.StepRecord:          (*actor).move,
	install.StepRestart:         (*actor).restart,
	install.StepSweep:           (*actor).sweep,
	install.StepRelease:         (*actor).release,
}

// ensureNamespace makes a namespace, marked as ours.
func (a *actor) ensureNamespace(ctx context.Context, t turn) error {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: t.step.Namespace, Labels: map[string]string{engine.LabelManagedBy: engine.ManagedBy}}}
	if err := a.client.Create(ctx, ns, client.FieldOwner(Manager)); err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	} else if err == nil {
		a.writes.add(t.owner, corev1.SchemeGroupVersion.WithKind("Namespace"), ns)
	}
	return nil
}

// actLimit is how long one act of Helm may take.
const actLimit = 10 * time.Minute

// chart has Helm do a step. Once begun it goes on when the process is told to
// end, for as long as that waits: a release that is cut off has to be unlocked.
func (a *actor) chart(ctx context.Context, t turn) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), actLimit)
	defer cancel()
	err := a.engine.Do(ctx, helm.Doing{
		Step: t.step, Owner: t.owner, Charts: t.charts(), TakeOver: t.takeOver, Definitions: t.definitions,
	})
	if err != nil {
		return err
	}
	return a.expect(ctx, t)
}

// agreed says whether somebody agreed to something that the removal of an
// object may take along.
func agreed(object client.Object, to string) bool {
	if object.GetDeletionTimestamp() == nil {
		return false
	}
	words := strings.FieldsFunc(object.GetAnnotations()[v1alpha1.AnnotationUninstall], func(r rune) bool { return r == ',' || r == ' ' })
	return slices.Contains(words, to)
}

// expect has the next decision wait until watches have told of what the gates
// of the chart look at: Helm does not say what it wrote.
func (a *actor) expect(ctx context.Context, t turn) error {
	for _, gate := range t.step.Chart.Gates {
		kind := gated(gate)
		object := partial(kind)
		err := a.live.Get(ctx, client.ObjectKey{Namespace: gate.Namespace, Name: gate.Name}, object)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("get %s: %w", gate, err)
		}
		a.writes.add(t.owner, kind, object)
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
func (a *actor) move(ctx context.Context, t turn) error {
	kind := corev1.SchemeGroupVersion.WithKind("Namespace")
	var ns corev1.Namespace
	if err := a.live.Get(ctx, client.ObjectKey{Name: t.step.Namespace}, &ns); err != nil {
		return err
	}
	body := applied(kind, &ns)
	if t.step.Revision != "" {
		body.SetAnnotations(map[string]string{v1alpha1.AnnotationRevision: t.step.Revision})
	}
	if err := a.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(body), client.FieldOwner(Manager)); err != nil {
		return err
	}
	a.writes.add(t.owner, kind, body)
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
func (a *actor) restart(ctx context.Context, t turn) error {
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
	if err := a.client.Patch(ctx, object, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(Manager)); err != nil {
		return err
	}
	a.writes.add(t.owner, kind, object)
	return nil
}

// release removes what was made beside charts, and lets the object go.
func (a *actor) release(ctx context.Context, t turn) error {
	if err := a.distrust(ctx, t); err != nil {
		return err
	}
	if t.step.Namespace != "" {
		if err := a.removeNamespace(ctx, t.step.Namespace); err != nil {
			return err
		}
	}
	return a.unhold(ctx, t.object)
}

// removeNamespace deletes a namespace if it is still ours.
func (a *actor) removeNamespace(ctx context.Context, name string) error {
	ns := &corev1.Namespace{}
	if err := a.live.Get(ctx, client.ObjectKey{Name: name}, ns); err != nil {
		return client.IgnoreNotFound(err)
	}
	if ns.Labels[engine.LabelManagedBy] != engine.ManagedBy || ns.DeletionTimestamp != nil {
		return nil
	}
	return client.IgnoreNotFound(a.client.Delete(ctx, ns, exactly(ns)))
}

// exactly lets a deletion concern no other object than the one that was read.
func exactly(object client.Object) client.Preconditions {
	uid, version := object.GetUID(), object.GetResourceVersion()
	return client.Preconditions{UID: &uid, ResourceVersion: &version}
}
