package helm

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common/util"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// Validate checks the values of a chart against its schema, where it has one.
// The error for values that are wrong is an *install.Refusal that names each.
func (e *Engine) Validate(ctx context.Context, w Work) error {
	chart, err := e.load(ctx, w)
	if err != nil {
		return err
	}
	values, err := util.CoalesceValues(chart, w.values())
	if err != nil {
		return &install.Refusal{Reason: v1alpha1.ReasonInvalid, Message: fmt.Sprintf("values of %s: %s", w.what(), oneLine(err))}
	}
	if err := util.ValidateAgainstSchema(chart, values); err != nil {
		return &install.Refusal{
			Reason:  v1alpha1.ReasonInvalid,
			Message: fmt.Sprintf("values of %s are not what it takes: %s; edit helm.values", w.what(), findings(err.Error())),
		}
	}
	return nil
}

// finding is one line of what Helm says about values.
var finding = regexp.MustCompile(`^\s*- at '([^']*)': (.*)$`)

// findings returns what Helm says about values with each field as it is written
// in values: "pilot.replicas: got string, want integer".
func findings(said string) string {
	var list []string
	for _, line := range strings.Split(said, "\n") {
		match := finding.FindStringSubmatch(line)
		if match == nil {
			continue
		}
		field := strings.ReplaceAll(strings.TrimPrefix(match[1], "/"), "/", ".")
		if field == "" {
			field = "the values"
		}
		list = append(list, field+": "+match[2])
	}
	if len(list) == 0 {
		return strings.Join(strings.Fields(said), " ")
	}
	return strings.Join(list, "; ")
}
