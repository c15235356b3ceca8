package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/kinds"
)

func (a *app) get() *cobra.Command {
	output, all := "table", false
	cmd := &cobra.Command{
		Use:   "get [KIND [NAME]]",
		Short: "List objects of the Meshloom API and how they are",
		Example: `  meshctl get -A
  meshctl get trafficsplits -n bookinfo
  meshctl get mesh shop -o yaml`,
		Args:              atMost(2),
		ValidArgsFunction: a.completeObjects,
		RunE: func(cmd *cobra.Command, args []string) error {
			objects, err := a.find(cmd.Context(), args, all)
			if err != nil {
				return err
			}
			return a.printObjects(objects, output)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", output, "table, wide, json, yaml or name")
	cmd.Flags().BoolVarP(&all, "all-namespaces", "A", false, "list all namespaces")
	return cmd
}

func atMost(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > n {
			return usagef("%s takes at most %d arguments; see %s --help", cmd.CommandPath(), n, cmd.CommandPath())
		}
		return nil
	}
}

// parseKind returns the unified kind that a word names: its kind, singular,
// plural or short name, or what the verbs of the life cycle call it.
func parseKind(word string) (schema.GroupVersionKind, error) {
	definitions, err := kinds.Definitions()
	if err != nil {
		return schema.GroupVersionKind{}, err
	}
	word, _, _ = strings.Cut(strings.ToLower(word), ".")
	if gvk := kindOf(word); gvk.Kind != "" {
		return gvk, nil
	}
	for _, d := range definitions {
		names := append([]string{d.Spec.Names.Plural, d.Spec.Names.Singular, strings.ToLower(d.Spec.Names.Kind)}, d.Spec.Names.ShortNames...)
		if slices.Contains(names, word) {
			return v1alpha1.GroupVersion.WithKind(d.Spec.Names.Kind), nil
		}
	}
	return schema.GroupVersionKind{}, usagef("kind %q is not known; the kinds are %s", word, strings.Join(kinds.Names(), ", "))
}

// find returns the objects that the arguments name, in the order of kinds.
func (a *app) find(ctx context.Context, args []string, all bool) ([]client.Object, error) {
	wanted := kinds.Unified()
	if len(args) > 0 {
		gvk, err := parseKind(args[0])
		if err != nil {
			return nil, err
		}
		wanted = []schema.GroupVersionKind{gvk}
	}
	c, err := a.client()
	if err != nil {
		return nil, err
	}
	namespace, err := a.namespace()
	if err != nil {
		return nil, err
	}
	if len(args) == 2 {
		obj, err := a.one(ctx, c, wanted[0], args[1])
		return []client.Object{obj}, err
	}
	var out []client.Object
	for _, gvk := range wanted {
		var opts []client.ListOption
		if !all && !kinds.ClusterScoped(gvk) {
			opts = append(opts, client.InNamespace(namespace))
		}
		objects, err := list(ctx, c, gvk, opts...)
		if err != nil {
			return nil, err
		}
		out = append(out, objects...)
	}
	return out, nil
}

// one reads one object.
func (a *app) one(ctx context.Context, c client.Client, gvk schema.GroupVersionKind, name string) (client.Object, error) {
	key := client.ObjectKey{Name: name}
	if !kinds.ClusterScoped(gvk) {
		namespace, err := a.namespace()
		if err != nil {
			return nil, err
		}
		key.Namespace = namespace
	}
	made, err := kinds.Scheme().New(gvk)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", gvk.Kind, err)
	}
	obj, ok := made.(client.Object)
	if !ok {
		return nil, fmt.Errorf("read %s: it is no object", gvk.Kind)
	}
	if err := c.Get(ctx, key, obj); err != nil {
		return nil, fmt.Errorf("read %s %s: %w", gvk.Kind, name, err)
	}
	obj.GetObjectKind().SetGroupVersionKind(gvk)
	return obj, nil
}

func (a *app) printObjects(objects []client.Object, format string) error {
	switch format {
	case "name":
		for _, o := range objects {
			if _, err := fmt.Fprintf(a.Out, "%s/%s\n", strings.ToLower(o.GetObjectKind().GroupVersionKind().GroupKind().String()), o.GetName()); err != nil {
				return fmt.Errorf("write output: %w", err)
			}
		}
		return nil
	case "json", "yaml":
		return a.document(map[string]any{"apiVersion": "v1", "kind": "List", "items": objects}, format)
	case "table", "wide":
		if len(objects) == 0 {
			a.note("No objects of the Meshloom API found.")
			return nil
		}
		return a.printRows(objects, format == "wide")
	default:
		return unknownOutput(format, "table, wide, json, yaml or name")
	}
}

func (a *app) printRows(objects []client.Object, wide bool) error {
	header := []string{"KIND", "NAMESPACE", "NAME", "READY", "REASON"}
	if wide {
		header = append(header, "MESSAGE")
	}
	var rows [][]string
	for _, o := range objects {
		status, reason, message := ready(o)
		row := []string{o.GetObjectKind().GroupVersionKind().Kind, orDash(o.GetNamespace()), o.GetName(), status, reason}
		if wide {
			row = append(row, message)
		}
		rows = append(rows, row)
	}
	return a.table(header, rows)
}

// ready returns the Ready condition of any unified object.
func ready(obj client.Object) (status, reason, message string) {
	for _, c := range conditionsOf(obj, "status", "conditions") {
		if c["type"] == string(v1alpha1.ConditionReady) {
			return fmt.Sprint(c["status"]), orDash(fmt.Sprint(c["reason"])), fmt.Sprint(c["message"])
		}
	}
	return "Unknown", "NotSeen", "no operator has reported on it yet"
}

// conditionsOf reads a list of conditions at a path.
func conditionsOf(obj client.Object, path ...string) []map[string]any {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return nil
	}
	items, _, _ := unstructured.NestedSlice(content, path...)
	var out []map[string]any
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// completeObjects completes kinds, then names of the cluster's objects.
func (a *app) completeObjects(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		var out []string
		definitions, err := kinds.Definitions()
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		for _, d := range definitions {
			out = append(out, d.Spec.Names.Plural)
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
	objects, err := a.find(cmd.Context(), args[:1], false)
	if err != nil || len(args) > 1 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []string
	for _, o := range objects {
		out = append(out, o.GetName())
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
