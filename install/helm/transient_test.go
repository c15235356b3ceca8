package helm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"syscall"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestTransient(t *testing.T) {
	things := schema.GroupResource{Group: "example.com", Resource: "things"}
	answer := func(code int32, message string) error {
		return &apierrors.StatusError{ErrStatus: metav1.Status{Code: code, Message: message}}
	}
	invalid := apierrors.NewInvalid(schema.GroupKind{Kind: "Thing"}, "x", nil)
	down := apierrors.NewServiceUnavailable("starting")
	for _, c := range []struct {
		name string
		err  error
		want bool
	}{
		{"refused object", fmt.Errorf("apply: %w", invalid), false},
		{"webhook says no", answer(http.StatusForbidden, `admission webhook "x" denied the request: no`), false},
		{"webhook says no, as a bad request", answer(http.StatusBadRequest, "no"), false},
		{"webhook is not there", apierrors.NewInternalError(errors.New("failed calling webhook")), true},
		{"no such namespace", apierrors.NewNotFound(schema.GroupResource{Resource: "namespaces"}, "x"), false},
		{"kind not served yet", answer(http.StatusNotFound, "the server could not find the requested resource"), true},
		{"roles not known yet", apierrors.NewForbidden(things, "x", errors.New("cannot create")), true},
		{"token ran out", apierrors.NewUnauthorized("expired"), true},
		{"too many requests", apierrors.NewTooManyRequests("slow down", 1), true},
		{"somebody wrote at once", apierrors.NewConflict(things, "x", errors.New("modified")), true},
		{"etcd changes its leader", answer(http.StatusInternalServerError, "etcdserver: leader changed"), true},
		{"server away for some objects", errors.Join(down, fmt.Errorf("apply: %w", down)), true},
		{"server away for some, one refused", errors.Join(down, fmt.Errorf("apply: %w", invalid)), false},
		{"connection refused", fmt.Errorf("patch: %w", syscall.ECONNREFUSED), true},
		{"context ended", fmt.Errorf("patch: %w", context.Canceled), true},
		{"kind that a chart before brings", errors.New(`resource mapping not found: no matches for kind "Thing"`), true},
		{"chart fails", errors.New("execution error at (plane/templates/a.yaml:1:4): revision is required"), false},
		{"chart looks up in vain", errors.New("execution error at (x): error calling lookup: dial tcp: connection refused"), true},
		{"values", errors.New("values don't meet the specifications of the schema(s) in the following chart(s): plane"), false},
		{"somebody's object", errors.New(`ServiceAccount "x" in namespace "y" exists and cannot be imported into the current release: invalid ownership metadata`), false},
		{"who knows", errors.New("strange things happened"), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := transient(c.err); got != c.want {
				t.Errorf("%v: transient %t, want %t", c.err, got, c.want)
			}
		})
	}
}
