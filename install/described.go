package install

import "strings"

// What Helm's history says of revisions that Meshloom wrote begins with one of
// these.
const (
	// Described is what every description of ours begins with.
	Described = "Meshloom: "
	// DescribedInterrupted says that nothing was wrong with the chart: its
	// writer died, or the API server could not be reached.
	DescribedInterrupted = Described + "interrupted: "
)

// Interrupted reports whether the last write of a failed release was cut off,
// so that it is worth trying again as it is.
func (r *Release) Interrupted() bool {
	return r.Status == Failed && strings.HasPrefix(r.Description, DescribedInterrupted)
}

// why is the description without our mark.
func (r *Release) why() string { return strings.TrimPrefix(r.Description, Described) }

// key names a release for people and for comparison.
func (r *Release) key() string { return r.Namespace + "/" + r.Name }

// key names the chart's release for people and for comparison.
func (c *Chart) key() string { return c.Namespace + "/" + c.Release }

// release returns the cluster's release of a chart, or nil.
func (r ChartsRequest) release(c *Chart) *Release {
	for i := range r.Releases {
		if r.Releases[i].key() == c.key() {
			return &r.Releases[i]
		}
	}
	return nil
}

// String names a gate for people.
func (g Gate) String() string {
	kind := g.Resource
	if kind == "" && g.Kind == DefinitionServed {
		kind = "CustomResourceDefinition"
	}
	if g.Namespace != "" {
		return kind + " " + g.Namespace + "/" + g.Name
	}
	return kind + " " + g.Name
}
