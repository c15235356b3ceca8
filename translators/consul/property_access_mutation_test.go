package consul

import (
	"slices"
	"strings"
	"testing"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// eachSource changes every source of the intentions that the results hold.
func eachSource(change func(*intentionSource)) func([]translators.Result) {
	return eachIntentions(func(spec *serviceIntentions) {
		for i := range spec.Sources {
			change(&spec.Sources[i])
		}
	})
}

func eachIntentions(change func(*serviceIntentions)) func([]translators.Result) {
	return func(results []translators.Result) {
		for _, r := range results {
			for _, o := range r.Objects {
				if e, ok := o.Object.(*entry[serviceIntentions]); ok {
					change(&e.Spec)
				}
			}
		}
	}
}

// withoutParts drops contributions to a kind.
func withoutParts(kind string) func([]translators.Result) {
	return func(results []translators.Result) {
		for i := range results {
			results[i].Contributions = slices.DeleteFunc(results[i].Contributions, func(c translators.Contribution) bool { return c.Object.Kind == kind })
		}
	}
}

// TestWideningIsNoticed plants what a careless translation would write, or
// would not look at, and asks that the property sees it.
func TestWideningIsNoticed(t *testing.T) {
	cases := map[string]struct {
		change  func([]translators.Result)
		careful func(*ir.AccessUnit)
	}{
		"prefixes are strings": {change: eachSource(func(s *intentionSource) {
			for i := range s.Permissions {
				if below := strings.TrimSuffix(s.Permissions[i].HTTP.PathPrefix, "/"); below != "" {
					s.Permissions[i].HTTP.PathPrefix = below
				}
			}
		})},
		"the rest is left to Consul's default": {change: eachSource(func(s *intentionSource) {
			if n := len(s.Permissions); n > 1 && s.Permissions[n-1].Action == actionDeny {
				s.Permissions = s.Permissions[:n-1]
			}
		})},
		"exact sources do not repeat what everybody is denied": {change: eachSource(func(s *intentionSource) {
			if s.Name != everyService && len(s.Permissions) > 1 && s.Permissions[0].Action == actionDeny {
				s.Permissions = s.Permissions[1:]
			}
		})},
		"everybody else is not spoken of": {change: eachIntentions(func(spec *serviceIntentions) {
			if spec.Destination.Name != everyService && len(spec.Sources) > 1 {
				spec.Sources = slices.DeleteFunc(spec.Sources, func(s intentionSource) bool { return s.Name == everyService })
			}
		})},
		"a refusal becomes an admission": {change: eachSource(func(s *intentionSource) {
			if s.Action == actionDeny {
				s.Action = actionAllow
			}
		})},
		"the first permission to deny is lost": {change: eachSource(func(s *intentionSource) {
			s.Permissions = slices.DeleteFunc(s.Permissions, func(p intentionPermission) bool {
				return p.Action == actionDeny && p.HTTP.PathPrefix != "/"
			})
			if len(s.Permissions) == 0 && s.Action == "" {
				s.Action = actionAllow
			}
		})},
		"methods are lost": {change: eachSource(func(s *intentionSource) {
			for i := range s.Permissions {
				if p := &s.Permissions[i]; p.Action == actionAllow && p.HTTP.PathExact+p.HTTP.PathPrefix != "" {
					p.HTTP.Methods = nil
				}
			}
		})},
		"the protocol is not said":            {change: withoutParts("ServiceDefaults")},
		"shared names are not closed":         {change: withoutParts("ServiceIntentions")},
		"namesakes of callers are overlooked": {careful: func(u *ir.AccessUnit) { eachCaller(u, func(c *ir.CallerService) { c.Namesakes = nil }) }},
		"who shares a Service is overlooked":  {careful: func(u *ir.AccessUnit) { eachCaller(u, func(c *ir.CallerService) { c.Workloads = c.Workloads[:1] }) }},
		"policies of the namespace are lost":  {careful: func(u *ir.AccessUnit) { u.NamespaceRules = nil }},
		"Services that overlap are overlooked": {careful: func(u *ir.AccessUnit) {
			if len(u.Targets) > 1 {
				u.Targets[0].Workloads = u.Targets[0].Workloads[1:]
			}
		}},
		"the port that pods register is misread": {careful: func(u *ir.AccessUnit) {
			for i := range u.Targets {
				for j := range u.Targets[i].Workloads {
					u.Targets[i].Workloads[j].Annotations = map[string]string{annotationPort: "9080"}
				}
			}
		}},
		"governed Services accept plaintext": {change: func(results []translators.Result) {
			results[1].Contributions = append(results[1].Contributions,
				defaultsPart(ir.ServiceName{Namespace: "shop", Name: "ratings"}, ir.Source{}, modePermissive, "mutualTLSMode"))
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(accessSearch) {
				if diff, _ := admittedAsMeant(seed, c.change, c.careful); strings.Contains(diff, "want {Outcome:Denied") {
					return
				}
			}
			t.Errorf("nothing was seen to widen in %d units", accessSearch)
		})
	}
}

func eachCaller(u *ir.AccessUnit, change func(*ir.CallerService)) {
	for i := range u.Callers {
		change(&u.Callers[i])
	}
}
