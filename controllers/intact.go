package controllers

import (
	"context"
	"errors"
	"fmt"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var errGoing = errors.New("it is being deleted")

// intact returns a function that fails where the CRD of one of our kinds is
// gone or going, as the API server has it now. The watches of objects and of
// CRDs are not ordered: objects that go with their CRD may be seen to go before
// it is, but the API server marks the CRD first.
func intact(reader client.Reader, resources map[string]schema.GroupVersionResource) func(context.Context, []string) error {
	return func(ctx context.Context, kinds []string) error {
		for _, kind := range kinds {
			resource, ok := resources[kind]
			if !ok {
				continue
			}
			crd := &metav1.PartialObjectMetadata{}
			crd.SetGroupVersionKind(apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition"))
			err := reader.Get(ctx, client.ObjectKey{Name: resource.GroupResource().String()}, crd)
			if err == nil && crd.DeletionTimestamp != nil {
				err = errGoing
			}
			if err != nil {
				return fmt.Errorf("look at the definition of %s before a removal: %w", kind, err)
			}
		}
		return nil
	}
}
