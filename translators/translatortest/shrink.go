package translatortest

import (
	"reflect"
	"slices"

	"github.com/meshloom/meshloom/translators/ir"
)

// Shrink returns a smaller unit for which fails is still true: parts are left
// out one by one, for as long as the unit stays valid and still fails. The unit
// given is not changed.
func Shrink(u *ir.Unit, fails func(*ir.Unit) bool) *ir.Unit {
	small := Clone(u)
	for {
		next := shrinkOnce(small, fails)
		if next == nil {
			return small
		}
		small = next
	}
}

// shrinkOnce returns the first unit with one part less that is valid and still
// fails, or nil where there is none.
func shrinkOnce(u *ir.Unit, fails func(*ir.Unit) bool) *ir.Unit {
	for i := 0; ; i++ {
		candidate := Clone(u)
		n := i
		if !dropPart(reflect.ValueOf(candidate).Elem(), &n) {
			return nil
		}
		if valid(candidate) && fails(candidate) {
			return candidate
		}
	}
}

// seen are the fields that say what there is in the mesh, of which a unit has
// everything or is no unit that Resolve makes.
var seen = []string{"Callers", "Namesakes", "Services", "Targeted"}

// dropPart leaves out the n-th part below v: an element of a slice, or what a
// pointer points to. It returns false where there are fewer parts.
func dropPart(v reflect.Value, n *int) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return dropPointer(v, n)
	case reflect.Slice:
		for i := range v.Len() {
			if *n == 0 {
				v.Set(reflect.AppendSlice(v.Slice3(0, i, i), v.Slice(i+1, v.Len())))
				return true
			}
			*n--
			if dropPart(v.Index(i), n) {
				return true
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if field.IsExported() && !slices.Contains(seen, field.Name) && dropPart(v.Field(i), n) {
				return true
			}
		}
	default:
	}
	return false
}

func dropPointer(v reflect.Value, n *int) bool {
	if v.IsNil() {
		return false
	}
	if *n == 0 {
		v.SetZero()
		return true
	}
	*n--
	return dropPart(v.Elem(), n)
}

// valid says whether the parts that units may rely on are there.
func valid(u *ir.Unit) bool {
	switch {
	case u.Service != nil:
		return validService(u.Service)
	case u.Route != nil:
		for _, b := range u.Route.Backends {
			if b.Split != nil && !validService(b.Split) {
				return false
			}
		}
		return len(u.Route.Routes) > 0 && validRoutes(u.Route.Routes)
	case u.Access != nil:
		for _, t := range u.Access.Targets {
			if !validRules(&t.Rules) || len(t.Service.Ports) < 2 || len(t.Workloads) == 0 {
				return false
			}
		}
		return len(u.Access.Targets) > 0 && (u.Access.NamespaceRules == nil || validRules(u.Access.NamespaceRules))
	case u.Namespace != nil:
		return u.Namespace.Access == nil || validRules(u.Namespace.Access)
	}
	return u.Gateway != nil || u.External != nil || u.Mesh != nil
}

func validService(u *ir.ServiceUnit) bool {
	for _, p := range u.Ports {
		n := len(p.Routes)
		if n == 0 || !validRoutes(p.Routes) || !reflect.DeepEqual(p.Routes[n-1].Match, ir.Match{}) || len(p.Port.Targets) == 0 {
			return false
		}
	}
	return len(u.Service.Ports) == 2 && len(u.Service.Ports[0].Targets) > 0 && len(usedSubsets(u.Ports)) <= len(u.Subsets)
}

func validRoutes(routes []ir.Route) bool {
	for i := range routes {
		r := &routes[i]
		weighted := false
		for _, b := range r.Backends {
			weighted = weighted || b.Weight > 0
		}
		prefixed := r.Match.Path != nil && r.Match.Path.Type == ir.PathPrefix
		rewrites := r.Filters.Rewrite != nil && r.Filters.Rewrite.Path != nil && r.Filters.Rewrite.Path.Type == ir.ReplacePrefixMatch
		redirects := r.Filters.Redirect != nil && r.Filters.Redirect.Path != nil && r.Filters.Redirect.Path.Type == ir.ReplacePrefixMatch
		if weighted == (r.Filters.Redirect != nil) || (rewrites || redirects) && !prefixed {
			return false
		}
	}
	return true
}

func validRules(r *ir.AccessRules) bool {
	for _, rule := range append(append([]ir.AccessRule(nil), r.Allow...), r.Deny...) {
		if len(rule.From) == 0 {
			return false
		}
		for _, c := range rule.From {
			if !c.Anyone && !c.Member && c.Identities == nil && c.Namespaces == nil {
				return false
			}
		}
		for _, o := range rule.To {
			if len(o.Methods) == 0 && len(o.Paths) == 0 && len(o.Ports) == 0 {
				return false
			}
		}
	}
	return r.AllowSelected || len(r.Allow) == 0
}
