package helm

import (
	"fmt"
	"io/fs"
	"maps"
	"strconv"

	"helm.sh/helm/v4/pkg/action"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// Work is a chart with what is needed to install it.
type Work struct {
	Chart install.Chart
	// Charts are those that come with this binary, as Chart.Path names them.
	Charts fs.FS
	// Owner is the object that the chart is installed for, as "Mesh/shop".
	Owner string
	// TakeOver says that objects and releases of somebody else may be taken
	// over.
	TakeOver bool
}

// name of the release, for people.
func (w Work) name() string { return w.Chart.Namespace + "/" + w.Chart.Release }

// what is installed, for people.
func (w Work) what() string { return fmt.Sprintf("chart %s %s", w.Chart.Name, w.Chart.Version) }

// labels are what a revision of the release is recognised by.
func (w Work) labels(revision int) map[string]string {
	labels := map[string]string{
		v1alpha1.LabelOwner:   install.OwnerLabel(w.Owner),
		v1alpha1.LabelDigest:  install.Digest(w.Chart),
		v1alpha1.LabelWritten: strconv.Itoa(revision),
	}
	if w.Chart.Revision != "" {
		labels[v1alpha1.LabelRevision] = w.Chart.Revision
	}
	return labels
}

// values returns the chart's values as a copy, which Helm writes into.
func (w Work) values() map[string]any { return install.MergeValues(w.Chart.Values, nil) }

// described is what Helm's history says about a revision that was asked for.
func described(format string, args ...any) string {
	return cut(install.Described+fmt.Sprintf(format, args...), action.MaxDescriptionLength)
}

// cut returns a text of so many characters at most.
func cut(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-3]) + "..."
	}
	return text
}

// withLabels returns the labels of a release with others laid over them.
func withLabels(have, over map[string]string) map[string]string {
	labels := maps.Clone(have)
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, over)
	return labels
}
