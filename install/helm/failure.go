package helm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"helm.sh/helm/v4/pkg/action"
	ri "helm.sh/helm/v4/pkg/release"
	"helm.sh/helm/v4/pkg/release/common"
	releasev1 "helm.sh/helm/v4/pkg/release/v1"
	"helm.sh/helm/v4/pkg/storage/driver"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	utilnet "k8s.io/apimachinery/pkg/util/net"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// failure is a step of Helm's that did not succeed.
type failure struct {
	namespace, name string
	// revision is the one that the step made, if it got that far.
	revision int
	what     string
	err      error
	// made is what Helm recorded, as it returned it; nil where it returns none.
	made ri.Releaser
}

// recorded reports whether a revision is the one that the failed step recorded,
// and not somebody else's of the same number.
func (f failure) recorded(last *releasev1.Release) bool {
	if last.Version != f.revision || last.Info.Status == common.StatusDeployed || errors.Is(f.err, driver.ErrReleaseExists) {
		return false
	}
	made, ok := f.made.(*releasev1.Release)
	if !ok {
		return last.Info.RollbackRevision != 0
	}
	return made != nil && made.Info.LastDeployed.Equal(last.Info.LastDeployed)
}

// maxFailure is how much of a failure Helm's history keeps. It names the object
// and why, which is more than Helm takes of those who ask for something.
const maxFailure = 1024

// settle leaves a release whose step failed in a state that the next step
// recognises, and returns the error: an *install.Refusal where a retry would
// end the same way.
func (e *Engine) settle(config *action.Configuration, f failure) error {
	err := fmt.Errorf("%s as %s/%s: %w", f.what, f.namespace, f.name, f.err)
	retry := transient(f.err)
	last, lastErr := lastRevision(config, f.name)
	if lastErr == nil && f.recorded(last) {
		mark := install.Described
		if retry {
			mark = install.DescribedInterrupted
		}
		last.SetStatus(common.StatusFailed, cut(mark+f.what+": "+oneLine(f.err), maxFailure))
		last.Labels = withLabels(last.Labels, map[string]string{v1alpha1.LabelWritten: strconv.Itoa(f.revision)})
		// Where this fails too the release stays pending, and is unlocked later.
		err = errors.Join(err, config.Releases.Update(last))
	}
	if retry {
		return err
	}
	return &install.Refusal{Reason: v1alpha1.ReasonInstallFailed, Message: oneLine(err)}
}

// lastRevision returns the newest revision of a release.
func lastRevision(config *action.Configuration, name string) (*releasev1.Release, error) {
	last, err := config.Releases.Last(name)
	if err != nil {
		return nil, err
	}
	rel, ok := last.(*releasev1.Release)
	if !ok {
		return nil, fmt.Errorf("read Helm release %s: it is of a kind that this version of Helm does not know", name)
	}
	return rel, nil
}

// transient reports whether an error says nothing about what was asked, but
// only about the API server, the network or the moment.
func transient(err error) bool {
	answers, others := leaves(err, nil, nil)
	if len(answers) == 0 {
		for _, other := range others {
			if passing(other) {
				return true
			}
		}
		return false
	}
	for _, answer := range answers {
		if !passingStatus(answer) {
			return false
		}
	}
	return true
}

// leaves splits a tree of errors into answers of the API server and others.
func leaves(err error, answers []*apierrors.StatusError, others []error) ([]*apierrors.StatusError, []error) {
	var status *apierrors.StatusError
	if answer, ok := err.(*apierrors.StatusError); ok { //nolint:errorlint // The walk looks at each error itself.
		status = answer
	}
	if status != nil {
		return append(answers, status), others
	}
	others = append(others, err)
	switch wrapper := err.(type) { //nolint:errorlint // The walk looks at each error itself.
	case interface{ Unwrap() []error }:
		for _, inner := range wrapper.Unwrap() {
			if inner != nil {
				answers, others = leaves(inner, answers, others)
			}
		}
	case interface{ Unwrap() error }:
		if inner := wrapper.Unwrap(); inner != nil {
			return leaves(inner, answers, others)
		}
	}
	return answers, others
}

// passing reports whether an error of the network or of discovery passes.
func passing(err error) bool {
	var network net.Error
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &network) || utilnet.IsConnectionRefused(err) || utilnet.IsConnectionReset(err) ||
		utilnet.IsHTTP2ConnectionLost(err) || utilnet.IsProbableEOF(err) || meta.IsNoMatchError(err) ||
		// Helm passes on some errors as text only.
		strings.Contains(err.Error(), "connection refused") || strings.Contains(err.Error(), "cluster unreachable") ||
		strings.Contains(err.Error(), noSuchKind)
}

// passingStatus reports whether an answer of the API server passes.
func passingStatus(err *apierrors.StatusError) bool {
	return apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) || apierrors.IsTooManyRequests(err) ||
		apierrors.IsServiceUnavailable(err) || apierrors.IsInternalError(err) || apierrors.IsConflict(err) ||
		err.Status().Code >= 500
}

// oneLine is an error's text as conditions and Helm's history take it.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
