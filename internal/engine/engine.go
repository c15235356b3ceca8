// Package engine joins Resolve and Translate: from the key of a unit to the
// native objects, the issues and what of it is rejected. It is the one code
// path of the operator, of every meshctl verb and of the console; it is pure
// over what the store holds.
package engine

import (
	"slices"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/resolve"
)

// Config is what an Engine works on.
type Config struct {
	Store     *resolve.Store
	Providers []translators.Provider
	// MeshEnv and ControllerEnv replace what the status of Mesh and
	// IngressController says was observed; nil keeps it.
	MeshEnv       func(ir.Mesh) translators.Env
	ControllerEnv func(ir.Controller) translators.Env
}

// Engine computes units. It has no state of its own and is safe for concurrent
// use.
type Engine struct{ cfg Config }

// New returns an engine over the configuration.
func New(cfg Config) *Engine { return &Engine{cfg: cfg} }

// Output is what one unit becomes.
type Output struct {
	Key ir.Key
	// Unit is nil where the unit exists no longer: what it made is to be
	// pruned. It is the last resolved form, without what was rejected.
	Unit *ir.Unit
	// Provider is the name of the one whose objects Objects are; empty where
	// there is no Unit.
	Provider string
	// Objects carry our marks and are in the order in which they are applied.
	Objects       []translators.Object
	Contributions []translators.Contribution
	// Issues are sorted and without duplicates.
	Issues []ir.Issue
	// Rejected are the objects of which nothing is programmed by this unit.
	Rejected []ir.Ref
	// Pairings of a gateway (under its own reference) or of a route's backends.
	Pairings []BackendPairing
}

// BackendPairing is the pairing of a gateway with what one backend needs.
type BackendPairing struct {
	Backend ir.Ref              `json:"backend"`
	Pairing translators.Pairing `json:"pairing"`
}

// Compute resolves and translates one unit. What is rejected is taken out and
// the rest computed again, until nothing more is rejected.
func (e *Engine) Compute(key ir.Key) Output {
	out, _ := e.compute(key)
	return out
}

// compute returns what had to be left out, too.
func (e *Engine) compute(key ir.Key) (Output, resolve.Exclusions) {
	out := Output{Key: key}
	var ex resolve.Exclusions
	for {
		unit, issues := e.cfg.Store.Resolve(key, ex)
		out.Issues = append(out.Issues, issues...)
		if unit == nil {
			break
		}
		result, pairings := e.translate(unit)
		next := e.lost(e.exclude(e.exclude(ex, issues), result.Issues), unit)
		out.Issues = append(out.Issues, e.soften(result.Issues)...)
		if next.Len() == ex.Len() {
			out.Unit, out.Provider, out.Pairings = unit, providerOf(unit), pairings
			out.Objects, out.Contributions = result.Objects, result.Contributions
			break
		}
		ex = next
	}
	out.Issues = ir.SortIssues(out.Issues)
	out.Rejected = rejected(ex, out.Issues)
	order(out.Objects)
	Stamp(key, out.Objects)
	return out, ex
}

// ComputeAll computes every unit of the store, in the order of their keys.
func (e *Engine) ComputeAll() []Output {
	keys := e.cfg.Store.Keys()
	slices.SortFunc(keys, ir.Key.Compare)
	outputs := make([]Output, 0, len(keys))
	for _, key := range keys {
		outputs = append(outputs, e.Compute(key))
	}
	return outputs
}

// Store returns the store that the engine works on.
func (e *Engine) Store() *resolve.Store { return e.cfg.Store }
