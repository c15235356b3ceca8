package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/internal/kinds"
)

func (a *app) rollbackInstalled(word string) *cobra.Command {
	u := &upgrading{}
	cmd := &cobra.Command{
		Use:   word + " NAME",
		Short: fmt.Sprintf("Take a Managed %s back to the version that ran before", word),
		Long: `Rollback finds in Helm's history which version ran before, and asks for that,
the way upgrade does: with every step shown, in waves, and with the same exit
codes. It also ends an upgrade that is under way.`,
		Example: fmt.Sprintf(`  meshctl rollback %s shop

  # to a version that the history no longer has
  meshctl rollback %s shop --version 1.30`, word, word),
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, obj, err := a.installed(cmd.Context(), word, args[0])
			if err != nil {
				return err
			}
			if err := managedOnly(obj); err != nil {
				return err
			}
			if u.version == "" {
				if u.version, err = a.before(cmd.Context(), obj); err != nil {
					return err
				}
				a.note("%s ran version %s before", described(obj), u.version)
			}
			next, err := a.next(obj, u)
			if err != nil {
				return err
			}
			return a.turn(cmd.Context(), c, turning{old: obj, next: next, change: &u.change, question: "Go back?"})
		},
	}
	cmd.Flags().StringVar(&u.version, "version", "", "version to go back to; default is the one that ran before")
	u.addFlagsFor(cmd.Flags(), time.Hour)
	u.addConfirm(cmd.Flags())
	return cmd
}

// before finds the version that ran before the one that runs.
func (a *app) before(ctx context.Context, obj client.Object) (string, error) {
	engine, err := a.charts()
	if err != nil {
		return "", err
	}
	releases, err := engine.Releases(ctx)
	if err != nil {
		return "", err
	}
	ref := kinds.RefOf(obj)
	now := a.asked(obj)
	if now == "" {
		now = a.versionOf(obj)
	}
	counted(a.catalogOf(obj), releases)
	version := previous(releases, ref.Kind+"/"+ref.Name, now)
	if version == "" {
		return "", fmt.Errorf("the Helm releases of %s remember no version but %s: say --version", described(obj), now)
	}
	return version, nil
}

// counted has releases say their versions as the catalog counts them.
func counted(catalog install.Catalog, releases []install.Release) {
	for i := range releases {
		r := &releases[i]
		r.AppVersion = catalog.Called(r.AppVersion)
		for j := range r.History {
			r.History[j].AppVersion = catalog.Called(r.History[j].AppVersion)
		}
	}
}

// previous returns the version that an owner's releases ran before another:
// that of the newest revision that is not of it. What several meshes share is
// left out: its version is the newest of any.
func previous(releases []install.Release, owner, now string) string {
	found, at := "", time.Time{}
	for i := range releases {
		r := &releases[i]
		if !install.SameOwner(r.Owner, owner) || r.Labels[v1alpha1.LabelRevision] == "" && !alone(releases, r) {
			continue
		}
		if version := plain(r.AppVersion); r.Status == install.Deployed && version != now && r.Updated.After(at) {
			// Another control plane of the same mesh: the one before, in a
			// canary upgrade that is under way.
			found, at = version, r.Updated
			continue
		}
		for _, past := range r.History {
			if version := plain(past.AppVersion); past.Deployed && version != "" && version != now && !r.Updated.Before(at) {
				found, at = version, r.Updated
				break
			}
		}
	}
	return found
}

// alone says whether the owner of a release has no other: an ingress
// controller's releases name no revision.
func alone(releases []install.Release, r *install.Release) bool {
	for i := range releases {
		if install.SameOwner(releases[i].Owner, r.Owner) && releases[i].Labels[v1alpha1.LabelRevision] != "" {
			return false
		}
	}
	return true
}

func plain(version string) string { return strings.TrimPrefix(version, "v") }
