package helm

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"helm.sh/helm/v4/pkg/action"
	ri "helm.sh/helm/v4/pkg/release"
	"helm.sh/helm/v4/pkg/release/common"
	releasev1 "helm.sh/helm/v4/pkg/release/v1"
	"helm.sh/helm/v4/pkg/storage/driver"

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

// oneLine is an error's text as conditions and Helm's history take it.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
