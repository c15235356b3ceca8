package cli

import (
	"fmt"

	"github.com/spf13/pflag"
	"helm.sh/helm/v4/pkg/strvals"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/install"
)

// chartValues are values of charts as flags give them, the way that helm's
// flags of the same names do: files first, then settings, the later over the
// earlier.
type chartValues struct {
	files, set, setString []string
}

func (v *chartValues) addFlags(f *pflag.FlagSet) {
	f.StringArrayVar(&v.files, "values", nil, "file of chart values in YAML, or - for standard input (repeatable)")
	f.StringArrayVar(&v.set, "set", nil, "chart value as `key=value` (repeatable)")
	f.StringArrayVar(&v.setString, "set-string", nil, "chart value as `key=value` that is a string whatever it looks like (repeatable)")
}

// given says whether any value was given.
func (v *chartValues) given() bool { return len(v.files)+len(v.set)+len(v.setString) > 0 }

// values reads what the flags give.
func (a *app) values(v *chartValues) (map[string]any, error) {
	merged := map[string]any{}
	for _, name := range v.files {
		data, err := a.file(name)
		if err != nil {
			return nil, fmt.Errorf("read --values: %w", err)
		}
		var values map[string]any
		if err := yaml.Unmarshal(data, &values); err != nil {
			return nil, fmt.Errorf("read --values %s: %w", name, err)
		}
		merged = install.MergeValues(merged, values)
	}
	for _, setting := range v.set {
		if err := strvals.ParseInto(setting, merged); err != nil {
			return nil, usagef("--set %s: %w", setting, err)
		}
	}
	for _, setting := range v.setString {
		if err := strvals.ParseIntoString(setting, merged); err != nil {
			return nil, usagef("--set-string %s: %w", setting, err)
		}
	}
	return merged, nil
}
