package installer

import (
	"context"
	"slices"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/internal/occupants"
)

// others names what is in the namespace of a control plane that neither
// Meshloom nor what it installed has made. While releases of the mesh are left
// it is too early to look.
func (o *observer) others(ctx context.Context, t target, releases []install.Release) ([]string, error) {
	mine := ownerOfMesh(t.mesh.Name)
	if o.info == nil || slices.ContainsFunc(releases, func(r install.Release) bool { return install.SameOwner(r.Owner, mine) }) {
		return nil, nil
	}
	return occupants.Look{From: o.live, Info: o.info, Managers: t.provider.Charts.Managers}.In(ctx, t.namespace)
}
