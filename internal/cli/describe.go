package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/internal/kinds"
	"github.com/meshloom/meshloom/translators/ir"
)

func (a *app) describe() *cobra.Command {
	output := "text"
	cmd := &cobra.Command{
		Use:   "describe KIND NAME",
		Short: "Show one object: its conditions, targets and native objects",
		Example: `  meshctl describe trafficsplit reviews -n bookinfo
  meshctl describe mesh shop -o json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usagef("%s takes a kind and a name; see %s --help", cmd.CommandPath(), cmd.CommandPath())
			}
			return nil
		},
		ValidArgsFunction: a.completeObjects,
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := a.description(cmd.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			switch output {
			case "json", "yaml":
				return a.document(d, output)
			case "text":
				_, err := fmt.Fprint(a.Out, d.text())
				return err
			default:
				return unknownOutput(output, "text, json or yaml")
			}
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", output, "text, json or yaml")
	return cmd
}

// description is what describe prints.
type description struct {
	APIVersion string           `json:"apiVersion"`
	Kind       string           `json:"kind"`
	Object     ir.Ref           `json:"object"`
	Generation int64            `json:"generation"`
	Conditions []map[string]any `json:"conditions"`
	Targets    []map[string]any `json:"targets,omitempty"`
	Native     []native         `json:"native"`
}

// native is a native object that came from the described one.
type native struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
	Unit       string `json:"unit"`
	// Generation of the described object that it was made from.
	Generation int64 `json:"generation"`
}

func (a *app) description(ctx context.Context, word, name string) (*description, error) {
	gvk, err := parseKind(word)
	if err != nil {
		return nil, err
	}
	c, err := a.client()
	if err != nil {
		return nil, err
	}
	obj, err := a.one(ctx, c, gvk, name)
	if err != nil {
		return nil, err
	}
	d := &description{
		APIVersion: cliVersion, Kind: "Description", Object: kinds.RefOf(obj), Generation: obj.GetGeneration(),
		Conditions: conditionsOf(obj, "status", "conditions"), Targets: conditionsOf(obj, "status", "targets"),
	}
	d.Native, err = a.nativeOf(ctx, c, d.Object)
	return d, err
}

// nativeOf lists the native objects whose sources name the object.
func (a *app) nativeOf(ctx context.Context, c client.Client, ref ir.Ref) ([]native, error) {
	out := []native{}
	for _, gvk := range a.nativeKinds() {
		items := &unstructured.UnstructuredList{}
		items.SetGroupVersionKind(gvk)
		err := c.List(ctx, items, client.MatchingLabels{engine.LabelManagedBy: engine.ManagedBy})
		if meta.IsNoMatchError(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", gvk.Kind, err)
		}
		for _, item := range items.Items {
			for _, source := range engine.ParseSources(item.GetAnnotations()[engine.AnnotationSources]) {
				if source.Ref == ref {
					out = append(out, native{
						APIVersion: item.GetAPIVersion(), Kind: item.GetKind(), Namespace: item.GetNamespace(), Name: item.GetName(),
						Unit: item.GetAnnotations()[engine.AnnotationUnit], Generation: source.Generation,
					})
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b native) int { return strings.Compare(a.Kind+a.Namespace+a.Name, b.Kind+b.Namespace+b.Name) })
	return slices.Compact(out), nil
}

func (d *description) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (generation %d)\n\nConditions:\n", d.Object, d.Generation)
	writeConditions(&b, "  ", d.Conditions)
	if len(d.Targets) > 0 {
		b.WriteString("\nTargets:\n")
	}
	for _, t := range d.Targets {
		fmt.Fprintf(&b, "  %s", targetText(t["ref"]))
		if on := targetText(t["on"]); on != "" {
			fmt.Fprintf(&b, " on %s", on)
		}
		b.WriteString("\n")
		content, _, _ := unstructured.NestedSlice(t, "conditions")
		var conditions []map[string]any
		for _, c := range content {
			if m, ok := c.(map[string]any); ok {
				conditions = append(conditions, m)
			}
		}
		writeConditions(&b, "    ", conditions)
	}
	b.WriteString("\nNative objects:\n")
	if len(d.Native) == 0 {
		b.WriteString("  none\n")
	}
	for _, n := range d.Native {
		fmt.Fprintf(&b, "  %s %s (unit %s, from generation %d)\n", n.Kind, strings.TrimPrefix(n.Namespace+"/"+n.Name, "/"), n.Unit, n.Generation)
	}
	return b.String()
}

func writeConditions(b *strings.Builder, indent string, conditions []map[string]any) {
	if len(conditions) == 0 {
		fmt.Fprintf(b, "%sno operator has reported on it yet\n", indent)
	}
	for _, c := range conditions {
		fmt.Fprintf(b, "%s%s=%s %s: %s\n", indent, c["type"], c["status"], c["reason"], c["message"])
	}
}

// targetText returns a reference in a status as Kind/namespace/name; "" where
// there is none.
func targetText(value any) string {
	m, ok := value.(map[string]any)
	if !ok {
		return ""
	}
	var parts []string
	for _, key := range []string{"kind", "namespace", "name"} {
		if s, ok := m[key].(string); ok && s != "" {
			parts = append(parts, s)
		}
	}
	text := strings.Join(parts, "/")
	if section, ok := m["sectionName"].(string); ok && section != "" {
		text += " section " + section
	}
	return text
}
