package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// managed are the flags that say how a mesh or an ingress controller is
// installed and upgraded.
type managed struct {
	version          string
	strategy         string
	restarts         string
	maxUnavailable   int32
	settle           string
	values           chartValues
	repository       string
	repositorySecret string
}

func (m *managed) addFlags(f *pflag.FlagSet) {
	f.StringVar(&m.version, "version", "", "minor or exact version; default is the catalog's")
	f.StringVar(&m.strategy, "strategy", "", "how versions change: Canary or InPlace; default is Canary where the provider can")
	f.StringVar(&m.restarts, "restarts", "", "who restarts workloads whose proxies must change: Automatic or Manual; default is Manual")
	f.Int32Var(&m.maxUnavailable, "max-unavailable", 0, "workloads that may be restarting at a time; default is 1")
	f.StringVar(&m.settle, "settle", "", "how long to watch after each wave, as 10s")
	m.values.addFlags(f)
	f.StringVar(&m.repository, "chart-repository", "", "where the charts are, as oci://, https:// or http://; default is the catalog's")
	f.StringVar(&m.repositorySecret, "chart-repository-secret", "", "Secret with username and password, in Meshloom's namespace")
}

// upgrade lays what the flags say over what there is; nil where nothing is said.
func (m *managed) upgrade(old *v1alpha1.Upgrade) *v1alpha1.Upgrade {
	out := v1alpha1.Upgrade{}
	if old != nil {
		out = *old
	}
	if m.strategy != "" {
		out.Strategy = v1alpha1.UpgradeStrategy(title(m.strategy, "InPlace", "Canary"))
	}
	if m.restarts != "" {
		out.Restarts = v1alpha1.RestartPolicy(title(m.restarts, "Automatic", "Manual"))
	}
	if m.maxUnavailable != 0 {
		out.MaxUnavailable = m.maxUnavailable
	}
	if m.settle != "" {
		out.Settle = v1alpha1.Duration(m.settle)
	}
	if out == (v1alpha1.Upgrade{}) {
		return nil
	}
	return &out
}

// helm lays what the flags say over what there is; nil where nothing is said.
func (a *app) helm(m *managed, old *v1alpha1.Helm) (*v1alpha1.Helm, error) {
	out := &v1alpha1.Helm{}
	if old != nil {
		out = old.DeepCopy()
	}
	if m.values.given() {
		values, err := a.values(&m.values)
		if err != nil {
			return nil, err
		}
		raw, err := json.Marshal(values)
		if err != nil {
			return nil, fmt.Errorf("encode chart values: %w", err)
		}
		out.Values = &runtime.RawExtension{Raw: raw}
	}
	if m.repository != "" {
		out.ChartSource = &v1alpha1.ChartSource{Repository: m.repository}
		if m.repositorySecret != "" {
			out.ChartSource.SecretRef = &v1alpha1.LocalObjectReference{Name: v1alpha1.ObjectName(m.repositorySecret)}
		}
	}
	if out.Values == nil && out.ChartSource == nil {
		return nil, nil
	}
	return out, nil
}

// title returns the word in the spelling of the API, which scripts need not
// remember; words that are not known stay as they are, for the API to refuse.
func title(word string, known ...string) string {
	for _, k := range known {
		if strings.EqualFold(k, word) {
			return k
		}
	}
	return word
}

// selector reads a label selector as kubectl's flags have it.
func selector(flag, text string) (*metav1.LabelSelector, error) {
	if text == "" {
		return nil, nil
	}
	parsed, err := metav1.ParseToLabelSelector(text)
	if err != nil {
		return nil, usagef("%s %q: %w", flag, text, err)
	}
	if _, err := labels.Parse(text); err != nil {
		return nil, usagef("%s %q: %w", flag, text, err)
	}
	return parsed, nil
}

// file reads a file, or standard input.
func (a *app) file(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(a.In)
	}
	return os.ReadFile(name)
}
