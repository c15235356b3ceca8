package reconciler

import (
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Class is what an error means for the work that failed.
type Class string

// The classes.
const (
	// Transient errors end by themselves: somebody was faster, or something is
	// not there yet. They are tried again quietly.
	Transient Class = "Transient"
	// Refused errors need an edit: the API server, or a webhook, does not want
	// the object. They are tried again slowly, for webhooks change too.
	Refused Class = "Refused"
	// Terminal errors are not tried again.
	Terminal Class = "Terminal"
	// Failed are all others: logged, told in status, tried again.
	Failed Class = "Failed"
)

// ClassOf returns the class of an error that is not nil.
func ClassOf(err error) Class {
	switch {
	case errors.Is(err, reconcile.TerminalError(nil)):
		return Terminal
	case apierrors.IsConflict(err), apierrors.IsNotFound(err), apierrors.IsAlreadyExists(err), apierrors.IsGone(err), meta.IsNoMatchError(err):
		return Transient
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err), apierrors.IsForbidden(err), apierrors.IsRequestEntityTooLargeError(err):
		return Refused
	default:
		return Failed
	}
}
