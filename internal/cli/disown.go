package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/internal/handover"
	"github.com/meshloom/meshloom/internal/kinds"
	"github.com/meshloom/meshloom/translators/ir"
)

// finalizer keeps a Managed Mesh or IngressController until what it installed
// is removed.
const finalizer = v1alpha1.GroupName + "/install"

// agreed are the annotations by which somebody agreed to something while the
// object was Managed.
var agreed = []string{
	v1alpha1.AnnotationAdopt, v1alpha1.AnnotationMoveImmovable, v1alpha1.AnnotationUninstall,
	v1alpha1.AnnotationRotateRoot, v1alpha1.AnnotationRetry,
}

// disown makes a Mesh or an IngressController Adopted and has it ask for
// nothing. Before it, the marks on namespaces get a second owner, so that they
// stay; after it, the Helm releases lose our labels.
func (a *app) disown(ctx context.Context, c client.Client, obj client.Object) error {
	ref := kinds.RefOf(obj) // reading it anew forgets its kind
	if mesh, ok := obj.(*v1alpha1.Mesh); ok {
		if err := a.holdNamespaces(ctx, c, mesh); err != nil {
			return err
		}
	}
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		if err := c.Get(ctx, client.ObjectKeyFromObject(obj), obj); err != nil {
			return err
		}
		adopted(obj)
		return c.Update(ctx, obj)
	})
	if err != nil {
		return fmt.Errorf("make %s Adopted: %w", ref, err)
	}
	if err := forget(ctx, c, obj); err != nil {
		return fmt.Errorf("forget the installation of %s: %w", ref, err)
	}
	return unlabel(ctx, c, ref)
}

// adopted changes an object into one that is Adopted and asks for nothing.
func adopted(obj client.Object) {
	annotations := obj.GetAnnotations()
	for _, name := range agreed {
		delete(annotations, name)
	}
	obj.SetAnnotations(annotations)
	controllerutil.RemoveFinalizer(obj, finalizer)
	switch o := obj.(type) {
	case *v1alpha1.Mesh:
		spec := &o.Spec
		spec.Mode, spec.Version, spec.Helm, spec.Trust, spec.Upgrade = v1alpha1.ModeAdopted, "", nil, nil, nil
		spec.Members, spec.MTLS, spec.Access = nil, nil, nil
		if spec.Egress != nil {
			spec.Egress.Default = ""
			if spec.Egress.AllowedNamespaces == nil {
				spec.Egress = nil
			}
		}
	case *v1alpha1.IngressController:
		spec := &o.Spec
		spec.Mode, spec.Version, spec.Helm, spec.Upgrade = v1alpha1.ModeAdopted, "", nil, nil
	}
}

// forget takes what the installer wrote out of the status: nobody keeps it up.
func forget(ctx context.Context, c client.Client, obj client.Object) error {
	if status, _, _ := installedStatus(obj); status.Install == nil {
		return nil
	}
	patch := client.RawPatch(types.MergePatchType, []byte(`{"status":{"install":null}}`))
	return c.Status().Patch(ctx, obj, patch)
}

// holdNamespaces makes the marks of a mesh's namespaces outlive its members.
func (a *app) holdNamespaces(ctx context.Context, c client.Client, mesh *v1alpha1.Mesh) error {
	selector := labels.Nothing()
	if mesh.Spec.Members != nil {
		var err error
		if selector, err = metav1.LabelSelectorAsSelector(mesh.Spec.Members.NamespaceSelector); err != nil {
			return fmt.Errorf("read members of mesh %s: %w", mesh.Name, err)
		}
	}
	namespaces := &unstructured.UnstructuredList{}
	namespaces.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	if err := c.List(ctx, namespaces); err != nil {
		return fmt.Errorf("list namespaces: %w", err)
	}
	for i := range namespaces.Items {
		ns := &namespaces.Items[i]
		has := ns.GetLabels()
		if !slices.Contains([]string{has[v1alpha1.LabelMesh], has[v1alpha1.LabelGatewayMesh]}, mesh.Name) && !selector.Matches(labels.Set(has)) {
			continue
		}
		if _, err := handover.Hold(ctx, c, ns); err != nil {
			return err
		}
	}
	return nil
}

// unlabel takes our labels off the records of the object's Helm releases. Only
// metadata is read: the records hold the values of charts.
func unlabel(ctx context.Context, c client.Client, ref ir.Ref) error {
	records := &metav1.PartialObjectMetadataList{}
	records.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
	if err := c.List(ctx, records, client.MatchingLabels{"owner": "helm", v1alpha1.LabelOwner: install.OwnerLabel(ref.Kind + "/" + ref.Name)}); err != nil {
		return fmt.Errorf("list the Helm releases of %s: %w", ref, err)
	}
	for i := range records.Items {
		record := &records.Items[i]
		before := record.DeepCopy()
		for label := range record.Labels {
			if strings.HasPrefix(label, v1alpha1.GroupName+"/") {
				delete(record.Labels, label)
			}
		}
		if err := client.IgnoreNotFound(c.Patch(ctx, record, client.MergeFrom(before))); err != nil {
			return fmt.Errorf("release the Helm release of %s/%s: %w", record.Namespace, record.Name, err)
		}
	}
	return nil
}
