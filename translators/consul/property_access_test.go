package consul

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
	"github.com/meshloom/meshloom/translators/translatortest"
)

const (
	accessUnits    = 8000
	accessRequests = 8
	leastExact     = 5000
	accessSearch   = 3000
)

// accessSeeds are those of units that once were admitted more, or less, than
// was meant; they are tried first.
var accessSeeds = []uint64{94, 116, 246, 720}

// crowd is a random world: who runs as which Service, and what of it the unit
// knows.
type crowd struct {
	services []ir.CallerService
	// strays are services of a namespace that is no member. No unit knows of
	// them, nor that they have a name of a member's, so that here they do not.
	strays []ir.CallerService
	// port is what all pods of the targets register; 0 where they do not say.
	port int32
}

var accounts = []ir.Identity{
	{Namespace: "batch", ServiceAccount: "cron"},
	{Namespace: "batch", ServiceAccount: "report"},
	{Namespace: "edge", ServiceAccount: "public"},
	{Namespace: translatortest.Namespace, ServiceAccount: "cron"},
	{Namespace: translatortest.Namespace, ServiceAccount: "productpage"},
}

// newCrowd gives every ServiceAccount a Service of its own in half the worlds.
// In others some have a Service that they share, some one whose name is used
// elsewhere, and some none.
func newCrowd(g *translatortest.Gen) *crowd {
	odd := func(int) bool { return false }
	if g.IntN(2) == 0 {
		odd = func(n int) bool { return g.IntN(n) == 0 }
	}
	c := &crowd{port: []int32{0, translatortest.HTTPPort, translatortest.HTTPPort, translatortest.OpaquePort}[g.IntN(4)]}
	outside := ""
	if odd(2) {
		outside = []string{"batch", "edge"}[g.IntN(2)]
	}
	for _, id := range accounts {
		name := id.ServiceAccount + "-" + id.Namespace
		if id.Namespace != outside && odd(2) {
			name = id.ServiceAccount
		}
		if odd(6) {
			continue
		}
		svc := ir.CallerService{ServiceName: ir.ServiceName{Namespace: id.Namespace, Name: name}, Workloads: []ir.Workload{pod(id)}}
		if odd(6) {
			svc.Workloads = append(svc.Workloads, pod(ir.Identity{Namespace: id.Namespace, ServiceAccount: "report"}))
		}
		if odd(12) {
			svc.Workloads[0].Annotations = map[string]string{annotationService: "alias"}
		}
		if id.Namespace == outside {
			c.strays = append(c.strays, svc)
			continue
		}
		c.services = append(c.services, svc)
	}
	for i := range c.services {
		for _, other := range c.services {
			if other.Name == c.services[i].Name && other.Namespace != c.services[i].Namespace {
				c.services[i].Namesakes = append(c.services[i].Namesakes, other.Namespace)
			}
		}
	}
	return c
}

func pod(id ir.Identity) ir.Workload { return ir.Workload{Namespace: id.Namespace, Identity: id} }

// knownTo are the Services that a rule names, as Resolve finds them.
func (c *crowd) knownTo(sets []*ir.AccessRules) []ir.CallerService {
	var out []ir.CallerService
	for _, svc := range c.services {
		if slices.ContainsFunc(sets, func(set *ir.AccessRules) bool { return set != nil && speaksOf(set, &svc) }) {
			out = append(out, svc)
		}
	}
	return out
}

func speaksOf(set *ir.AccessRules, svc *ir.CallerService) bool {
	return slices.ContainsFunc(slices.Concat(set.Allow, set.Deny), func(rule ir.AccessRule) bool {
		return slices.ContainsFunc(rule.From, func(c ir.Caller) bool {
			return (c.Identities != nil || c.Namespaces != nil) && known(nil).any(&c, svc)
		})
	})
}

// caller is somebody who calls: their identity, and the service they run as.
func (c *crowd) caller(g *translatortest.Gen) (*ir.Identity, string) {
	all := slices.Concat(c.services, c.strays)
	if len(all) == 0 || g.IntN(8) == 0 {
		return nil, ""
	}
	svc := all[g.IntN(len(all))]
	w := svc.Workloads[g.IntN(len(svc.Workloads))]
	if name := w.Annotations[annotationService]; name != "" {
		return &w.Identity, name
	}
	return &w.Identity, svc.Name
}

// accessTrial is one unit in one world, with the seed of its requests.
type accessTrial struct {
	crowd *crowd
	seed  uint64
	// change alters translations, and careful what they are made of, to see
	// whether the property notices; nil changes nothing.
	change  func([]translators.Result)
	careful func(*ir.AccessUnit)
}

// prepare returns the unit with what its world knows.
func (t *accessTrial) prepare(unit *ir.Unit) *ir.AccessUnit {
	access := translatortest.Clone(unit).Access
	for i := range access.Targets {
		for j := range access.Targets[i].Workloads {
			w := &access.Targets[i].Workloads[j]
			if w.Annotations = nil; t.crowd.port != 0 {
				w.Annotations = map[string]string{annotationPort: strconv.Itoa(int(t.crowd.port))}
			}
		}
	}
	access.Callers = t.crowd.knownTo(append(rulesOf(access), access.NamespaceRules))
	if t.careful != nil {
		t.careful(access)
	}
	return access
}

// results are the unit's translation and those of its namespace, where there is
// one more Service of the same pods, and of its mesh. They are exact where
// nothing is said to be otherwise than asked for.
func (t *accessTrial) results(unit *ir.Unit) (results []translators.Result, exact bool) {
	access, env := t.prepare(unit), translators.Env{}
	namespace := &ir.NamespaceUnit{
		Mesh: access.Mesh, Name: access.Namespace, AccessDefault: access.Default, Access: access.NamespaceRules, Callers: access.Callers,
		MTLS: &ir.MTLS{Mode: ir.MTLSPermissive},
	}
	for i := range access.Targets {
		target := &access.Targets[i]
		namespace.Targeted, namespace.Services = append(namespace.Targeted, target.Service.Name), append(namespace.Services, target.Service)
		namespace.Workloads = append(namespace.Workloads, target.Workloads...)
	}
	if part := access.Targets[0].Service; !slices.Contains(namespace.Targeted, "ratings-v1") {
		part.Name, part.Namesakes, part.Selector = "ratings-v1", nil, map[string]string{"app": "ratings", "version": "v1"}
		namespace.Services = append(namespace.Services, part)
	}
	mesh := &ir.MeshUnit{Mesh: access.Mesh, AccessDefault: access.Default, MTLS: namespace.MTLS}
	results = []translators.Result{translateAccess(env, access), translateNamespace(env, namespace), translateMesh(env, mesh)}
	issues := slices.Concat(translators.Check(&ir.Unit{Access: access}, supports(env)), translators.Check(&ir.Unit{Namespace: namespace}, supports(env)))
	for _, r := range results {
		issues = append(issues, r.Issues...)
	}
	return results, len(access.Targets) == 1 && !slices.ContainsFunc(issues, func(i ir.Issue) bool {
		return i.Effect != ir.EffectNote && i.Code != codeOverlap
	})
}

func rulesOf(u *ir.AccessUnit) []*ir.AccessRules {
	var out []*ir.AccessRules
	for i := range u.Targets {
		out = append(out, &u.Targets[i].Rules)
	}
	return out
}

// run compares the unit with its translation over random requests. Nothing is
// admitted that is denied; where no Issue says otherwise, members are admitted
// to all that they should be.
func (t *accessTrial) run(unit *ir.Unit) (diff string, exactly int) {
	results, exact := t.results(unit)
	if t.change != nil {
		t.change(results)
	}
	a := readAdmission(results...)
	if len(a.refused) > 0 && t.change == nil {
		return fmt.Sprintf("Consul refuses %v\nis %s", a.refused, form(results)), 0
	}
	g := translatortest.NewGen(t.seed)
	for range accessRequests {
		r, labels, served := t.arrival(g, unit)
		if !served {
			continue
		}
		want := eval.Access(unit.Access, labels, r.Request)
		open, shut := a.admits(r, true), a.admits(r, false)
		widened := want.Outcome == eval.Denied && (open || shut)
		// Where the pods do not say which port they register, more is denied.
		compared := exact && r.source != "" && r.service == "ratings" && t.crowd.port != 0
		narrowed := compared && (want.Outcome == eval.Allowed && (!open || !shut) || want.Outcome == eval.MeshDefault && open == shut)
		if widened || narrowed {
			return fmt.Sprintf("want %+v, got %v where Consul's default allows, %v where it denies\nrequest %s\nlabels %v\nis %s", want, open, shut, r, labels, form(results)), exactly
		}
		if compared {
			exactly++
		}
	}
	return "", exactly
}

// arrival is a random request to a pod of the targets; served is false where the
// pod does not serve it.
func (t *accessTrial) arrival(g *translatortest.Gen, unit *ir.Unit) (r arrival, labels map[string]string, served bool) {
	r.Request = g.Request(unit)
	r.Caller, r.source = t.crowd.caller(g)
	labels = map[string]string{"app": "ratings", "version": []string{"v1", "v2"}[g.IntN(2)]}
	r.service = "ratings"
	if labels["version"] == "v1" && g.IntN(3) == 0 {
		r.service = "ratings-v1"
	}
	served = unit.Access == nil || slices.ContainsFunc(unit.Access.Targets, func(target ir.AccessTarget) bool {
		return slices.ContainsFunc(target.Workloads, func(w ir.Workload) bool { return covers(labels, w.Labels) })
	})
	return r, labels, served && (t.crowd.port == 0 || t.crowd.port == r.Port)
}

// admittedAsMeant tries one seed; what is not as meant is made small before it
// is shown.
func admittedAsMeant(seed uint64, change func([]translators.Result), careful func(*ir.AccessUnit)) (diff string, exactly int) {
	g := translatortest.NewGen(seed)
	g.Without = map[ir.Feature]bool{ir.AccessPathRegex: g.IntN(4) > 0}
	trial := &accessTrial{crowd: newCrowd(g), seed: seed, change: change, careful: careful}
	unit := g.AccessUnit()
	if diff, exactly = trial.run(unit); diff == "" || change != nil || careful != nil {
		return diff, exactly
	}
	small := translatortest.Shrink(unit, func(u *ir.Unit) bool { diff, _ := trial.run(u); return diff != "" })
	diff, _ = trial.run(small)
	return fmt.Sprintf("%s\nunit %s\nservices %s port %d", diff, form(small), form(trial.crowd.services), trial.crowd.port), exactly
}

func TestAccessIsNeverWidened(t *testing.T) {
	total := 0
	for i := range accessUnits + len(accessSeeds) {
		seed := uint64(i)
		if i < len(accessSeeds) {
			seed = accessSeeds[i]
		}
		diff, exactly := admittedAsMeant(seed, nil, nil)
		if total += exactly; diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
	if total < leastExact {
		t.Errorf("%d requests were compared exactly: too much is refused", total)
	}
	t.Logf("%d units, %d requests compared exactly", accessUnits, total)
}

// TestNamespacesAreNeverWidened asks the same of Services that no policy
// targets, which the namespace's policies govern.
func TestNamespacesAreNeverWidened(t *testing.T) {
	total := 0
	for seed := range uint64(accessUnits) {
		g := translatortest.NewGen(seed)
		g.Without = map[ir.Feature]bool{ir.AccessPathRegex: true}
		trial := &accessTrial{crowd: newCrowd(g), seed: seed}
		unit := g.NamespaceUnit()
		ns := unit.Namespace
		ns.Targeted, ns.Callers = nil, trial.crowd.knownTo([]*ir.AccessRules{ns.Access})
		if trial.crowd.port != 0 {
			ns.Workloads[0].Annotations = map[string]string{annotationPort: strconv.Itoa(int(trial.crowd.port))}
		}
		mesh := &ir.MeshUnit{Mesh: ns.Mesh, AccessDefault: ns.AccessDefault, MTLS: ns.MTLS}
		a := readAdmission(translateNamespace(translators.Env{}, ns), translateMesh(translators.Env{}, mesh))
		if len(a.refused) > 0 {
			t.Fatalf("seed %d: Consul refuses %v", seed, a.refused)
		}
		for range accessRequests {
			r, _, served := trial.arrival(g, unit)
			if r.service = "ratings"; !served {
				continue
			}
			total++
			want := eval.Namespace(ns, r.Request)
			open, shut := a.admits(r, true), a.admits(r, false)
			mine := want.Outcome == eval.MeshDefault && open == shut && r.source != ""
			if want.Outcome == eval.Denied && (open || shut) || mine && (open || ns.Access == nil) {
				t.Fatalf("seed %d: want %+v, got %v where Consul's default allows, %v where it denies\nrequest %s\nunit %s", seed, want, open, shut, r, form(unit))
			}
		}
	}
	t.Logf("%d requests compared", total)
}
