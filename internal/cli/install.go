package cli

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/chart"
	"github.com/meshloom/meshloom/install/helm"
	"github.com/meshloom/meshloom/internal/render"
	"github.com/meshloom/meshloom/internal/selfinstall"
	"github.com/meshloom/meshloom/internal/version"
)

// selfFlags are the flags that say how Meshloom itself is installed.
type selfFlags struct {
	change
	chartValues

	image       string
	noInstaller bool
	crds        string
	output      string
}

func (s *selfFlags) addFlags(f *pflag.FlagSet) {
	s.chartValues.addFlags(f)
	f.StringVar(&s.image, "image", "", "image of the operator, as repository:tag or repository@digest")
	f.BoolVar(&s.noInstaller, "no-installer", false, "leave out what installs meshes: enough where all of them are Adopted")
	f.StringVar(&s.crds, "crds", "install", "install, or skip where another tool keeps the CRDs")
	f.StringVarP(&s.output, "output", "o", "yaml", "with --dry-run: yaml, json or name")
	s.addFlagsFor(f, 5*time.Minute)
}

func (a *app) install() *cobra.Command {
	s := &selfFlags{}
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Install Meshloom; its subcommands install meshes and ingresses",
		Long: `Install puts Meshloom into the namespace ` + chart.Namespace + `, as a Helm release that
helm's own commands know: first its CRDs, and when these are served, the rest.
It waits until everything is ready, and says otherwise what is not. Installing
what is installed already changes nothing.

An installation that another tool keeps (helm, Argo CD, Flux, manifests) is left
alone. With --dry-run every object is printed, and no cluster is needed.`,
		Example: `  meshctl install --dry-run
  meshctl install -y

  # a mesh, through Meshloom
  meshctl install mesh shop --provider istio --member-selector mesh=shop`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, err := a.selfWork(s)
			if err != nil {
				return err
			}
			return a.installSelf(cmd.Context(), w, s)
		},
	}
	s.addFlags(cmd.Flags())
	cmd.AddCommand(a.installMesh(), a.installIngress())
	return cmd
}

// selfWork is the chart of Meshloom as the flags want it.
func (a *app) selfWork(s *selfFlags) (helm.Work, error) {
	values, err := a.values(&s.chartValues)
	if err != nil {
		return helm.Work{}, err
	}
	over, err := s.over()
	if err != nil {
		return helm.Work{}, err
	}
	return selfinstall.Work(released(version.Build()), install.MergeValues(values, over))
}

// release is the version of a release, as against that of a build between two.
var release = regexp.MustCompile(`^v?(\d+\.\d+\.\d+(-(alpha|beta|rc)\.\d+)?)$`)

// released returns the version of a release; "" of other builds, which install
// what the chart itself says.
func released(build string) string {
	if match := release.FindStringSubmatch(build); match != nil {
		return match[1]
	}
	return ""
}

// over are the values that flags of their own stand for.
func (s *selfFlags) over() (map[string]any, error) {
	over := map[string]any{}
	if s.image != "" {
		image, err := imageValues(s.image)
		if err != nil {
			return nil, err
		}
		over["image"] = image
	}
	if s.noInstaller {
		over["installer"] = map[string]any{"enabled": false}
	}
	switch s.crds {
	case "skip":
		over["crds"] = map[string]any{"install": false}
	case "install":
	default:
		return nil, usagef("--crds %q is not known; it can be install or skip", s.crds)
	}
	return over, nil
}

// imageValues reads an image as the chart's values have it.
func imageValues(image string) (map[string]any, error) {
	if repository, digest, ok := strings.Cut(image, "@"); ok {
		return map[string]any{"repository": repository, "digest": digest, "tag": ""}, nil
	}
	at := strings.LastIndex(image, ":")
	if at < 0 || strings.Contains(image[at:], "/") {
		return nil, usagef("--image %q names no version: write repository:tag or repository@digest", image)
	}
	return map[string]any{"repository": image[:at], "tag": image[at+1:], "digest": ""}, nil
}

// installSelf installs Meshloom where it is not there.
func (a *app) installSelf(ctx context.Context, w helm.Work, s *selfFlags) error {
	objects, err := selfinstall.Objects(ctx, w)
	if err != nil {
		return err
	}
	if s.dryRun == dryRunClient {
		return a.printObjectsOf(objects, s.output)
	}
	c, err := a.client()
	if err != nil {
		return err
	}
	engine, err := a.charts()
	if err != nil {
		return err
	}
	found, err := selfinstall.Look(ctx, c, engine)
	if err != nil {
		return err
	}
	if done, err := a.selfThere(found, w, s); done || err != nil {
		return err
	}
	if s.dryRun == dryRunServer {
		return a.tryObjects(ctx, c, objects, s.output)
	}
	a.note("Meshloom %s will be installed into namespace %s: %d objects (--dry-run shows them).", w.Chart.Version, w.Chart.Namespace, len(objects))
	if err := a.agree(ctx, &s.agreement, "Install it?"); err != nil {
		return err
	}
	return a.putSelf(ctx, c, engine, putting{work: w, objects: objects, timeout: s.timeout, wait: s.wait, first: found == nil || found.Release == nil})
}

// selfThere says whether Meshloom is installed already as it is wanted. One
// that differs, or that another tool keeps, is refused with the way to change it.
func (a *app) selfThere(found *selfinstall.Found, w helm.Work, s *selfFlags) (bool, error) {
	if err := found.Foreign("install"); err != nil {
		return false, err
	}
	if found == nil || found.Release.Status != install.Deployed {
		return false, nil
	}
	same := found.Release.Digest == install.Digest(w.Chart)
	asked := s.given() || s.image != "" || s.noInstaller || s.crds == "skip"
	if found.Version == w.Chart.Version && (same || !asked) {
		a.note("Meshloom is already installed at version %s", found.Version)
		return true, nil
	}
	return false, fmt.Errorf("Meshloom is already installed at version %s, and this would make it %s, or change its values: meshctl upgrade", found.Version, w.Chart.Version) //nolint:staticcheck // It begins with a name.
}

// printObjectsOf prints what would be written.
func (a *app) printObjectsOf(objects []*unstructured.Unstructured, format string) error {
	docs := make([]render.Doc, len(objects))
	for i, obj := range objects {
		docs[i] = render.Doc{Object: obj}
	}
	err := render.Stream(a.Out, docs, format)
	if err != nil {
		return err
	}
	a.note("%d objects; nothing was written", len(objects))
	return nil
}

// tryObjects has the API server judge what would be written, and prints what
// would be new or changed.
func (a *app) tryObjects(ctx context.Context, c client.Client, objects []*unstructured.Unstructured, format string) error {
	changes, err := selfinstall.Try(ctx, c, objects)
	if err != nil {
		return err
	}
	var docs []*unstructured.Unstructured
	for _, change := range changes {
		if change.Verb != selfinstall.Unchanged {
			a.note("%s %s", change.Verb, change.Name)
			docs = append(docs, change.Object)
		}
	}
	return a.printObjectsOf(docs, format)
}
