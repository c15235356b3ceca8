package controllers

import (
	"context"
	"errors"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// definitions are CRDs by name; true is one that is being deleted.
type definitions map[string]bool

func (d definitions) Get(_ context.Context, key client.ObjectKey, obj client.Object, _ ...client.GetOption) error {
	going, ok := d[key.Name]
	if !ok {
		return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
	}
	if going {
		now := metav1.Now()
		obj.SetDeletionTimestamp(&now)
	}
	return nil
}

func (definitions) List(context.Context, client.ObjectList, ...client.ListOption) error {
	return errors.New("CRDs are read by name")
}

func TestIntactLooksAtTheDefinitionsOfTheKinds(t *testing.T) {
	resources, _, err := own()
	if err != nil {
		t.Fatal(err)
	}
	check := intact(definitions{"meshes.meshloom.io": false, "trafficsplits.meshloom.io": true}, resources)
	tests := []struct {
		name  string
		kinds []string
		want  func(error) bool
	}{
		{"all are there", []string{v1alpha1.KindMesh, "Service"}, func(err error) bool { return err == nil }},
		{"one goes", []string{v1alpha1.KindMesh, v1alpha1.KindTrafficSplit}, func(err error) bool { return errors.Is(err, errGoing) }},
		{"one is gone", []string{v1alpha1.KindGatewayRoute}, apierrors.IsNotFound},
	}
	for _, tt := range tests {
		if err := check(t.Context(), tt.kinds); !tt.want(err) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
