package controllers

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

// workloads are the kinds by which it is seen what runs.
var workloads = []client.Object{&appsv1.Deployment{}, &appsv1.DaemonSet{}}

// Watched returns the kinds that the controllers watch beside the native ones
// of providers: what their role has to let them list and watch.
func Watched() ([]schema.GroupVersionKind, error) {
	scheme, err := Scheme()
	if err != nil {
		return nil, err
	}
	out := []schema.GroupVersionKind{referenceGrants}
	for _, objects := range [][]client.Object{inputs, workloads, {&apiextensionsv1.CustomResourceDefinition{}}} {
		for _, obj := range objects {
			kind, err := apiutil.GVKForObject(obj, scheme)
			if err != nil {
				return nil, fmt.Errorf("find kind of %T: %w", obj, err)
			}
			out = append(out, kind)
		}
	}
	return out, nil
}
