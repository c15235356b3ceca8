package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// The values of --dry-run.
const (
	dryRunClient = "client"
	dryRunServer = "server"
)

// change are the flags of every verb that changes a cluster.
type change struct {
	agreement
	patience

	dryRun string
}

func (ch *change) addFlags(f *pflag.FlagSet) { ch.addFlagsFor(f, 10*time.Minute) }

func (ch *change) addFlagsFor(f *pflag.FlagSet, timeout time.Duration) {
	ch.agreement.addFlags(f)
	ch.patience.addFlags(f, timeout)
	f.Var(&dryRun{&ch.dryRun}, "dry-run", "print what would be done and write nothing: client, without looking at the cluster where that can be, or server")
	f.Lookup("dry-run").NoOptDefVal = dryRunClient
}

// dryRun is the value of --dry-run, one of a few words.
type dryRun struct{ value *string }

// String returns the word.
func (d *dryRun) String() string {
	if d.value == nil {
		return ""
	}
	return *d.value
}

// Set takes the words of kubectl.
func (d *dryRun) Set(word string) error {
	switch word {
	case dryRunClient, dryRunServer:
		*d.value = word
	case "none", "false", "":
		*d.value = ""
	case "true":
		*d.value = dryRunClient
	default:
		return usagef("it can be client, server or none")
	}
	return nil
}

// Type names the kind of value in help.
func (d *dryRun) Type() string { return "string" }

// now is the time, for plans that depend on it.
func (a *app) now() time.Time {
	if a.Now != nil {
		return a.Now()
	}
	return time.Now()
}

// words are how people write the kinds that are installed.
var words = map[string]string{v1alpha1.KindMesh: "mesh", v1alpha1.KindIngressController: "ingress"}

// described names what is installed as the verbs do: "mesh shop".
func described(obj client.Object) string {
	kind := obj.GetObjectKind().GroupVersionKind().Kind
	switch obj.(type) {
	case *v1alpha1.Mesh:
		kind = v1alpha1.KindMesh
	case *v1alpha1.IngressController:
		kind = v1alpha1.KindIngressController
	}
	if word := words[kind]; word != "" {
		return word + " " + obj.GetName()
	}
	return strings.ToLower(kind) + " " + obj.GetName()
}

// kindOf is the kind that a word of these verbs stands for.
func kindOf(word string) schema.GroupVersionKind {
	for kind, w := range words {
		if w == word {
			return v1alpha1.GroupVersion.WithKind(kind)
		}
	}
	return schema.GroupVersionKind{}
}

// preview shows what the installer would do, and fails where it would refuse.
func (a *app) preview(ctx context.Context, c client.Client, obj client.Object, values bool) error {
	mesh, ok := obj.(*v1alpha1.Mesh)
	if !ok {
		return nil
	}
	s, err := a.look(ctx, c, mesh)
	if err != nil {
		return err
	}
	return a.show(ctx, s, values)
}

// awaitIf waits for the object where that is asked for.
func (a *app) awaitIf(ctx context.Context, c client.Client, obj client.Object, ch *change) error {
	if !ch.wait {
		return nil
	}
	return a.await(ctx, c, obj, ch.timeout)
}
