package helm

import (
	"net/http"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// transient reports whether trying again may end otherwise. The API server's
// refusals of an object and a chart that cannot be rendered stay what they are.
// What is not known to stay is tried again: an installer that gives up on an
// upgrade because an API server started anew helps nobody, and attempts are
// counted.
func transient(err error) bool {
	answers := answersIn(err, nil)
	if len(answers) > 0 {
		return !slices.ContainsFunc(answers, lasting)
	}
	text := err.Error()
	return contains(text, network) || !contains(text, mistakes)
}

// network is in errors of rendering that are about the cluster, not the chart.
var network = []string{
	"connection refused", "connection reset", "i/o timeout", "unreachable", "no such host", "EOF", "TLS handshake",
	"failed to download openapi", "unable to handle the request",
}

// mistakes are in errors, which Helm gives as text alone, that are about the
// chart, its values, or what is in its way.
var mistakes = []string{
	"execution error", "parse error", "unable to execute template", "cannot parse template", "rendering template failed",
	"error during tpl function", "template: ", "error converting YAML", "error parsing YAML",
	"values don't meet the specifications", "chart requires kubeVersion", "chart dependencies processing failed",
	"cannot be imported into the current release", "cannot be owned", "cannot reuse a name",
	"error validating", "ValidationError", "release name", "label name", "description must be", "release has no",
	"failed pre-install", "failed post-install", "hooks failed", "corrupted release record",
}

func contains(text string, parts []string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}

// answersIn collects the API server's answers out of a tree of errors.
func answersIn(err error, found []*apierrors.StatusError) []*apierrors.StatusError {
	switch e := err.(type) { //nolint:errorlint // The walk looks at each error itself.
	case *apierrors.StatusError:
		return append(found, e)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			found = answersIn(inner, found)
		}
	case interface{ Unwrap() error }:
		return answersIn(e.Unwrap(), found)
	}
	return found
}

// lasting reports whether an answer of the API server is about what was asked.
func lasting(err *apierrors.StatusError) bool {
	message := err.Status().Message
	switch err.Status().Code {
	case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusMethodNotAllowed:
		return true
	case http.StatusForbidden:
		// A server that has just started knows no roles yet.
		return strings.Contains(message, "denied the request")
	case http.StatusNotFound:
		// Nor does it know all kinds.
		return !strings.Contains(message, "could not find the requested resource")
	}
	return false
}
