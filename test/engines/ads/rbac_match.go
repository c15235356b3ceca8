package ads

import (
	"fmt"
	"strings"

	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
)

// permission says whether the call is for what a permission is about.
func (c Call) permission(p *rbacv3.Permission) (bool, error) {
	path, _, _ := strings.Cut(c.Path, "?")
	switch rule := p.GetRule().(type) {
	case *rbacv3.Permission_Any:
		return rule.Any, nil
	case *rbacv3.Permission_AndRules:
		return allOf(rule.AndRules.GetRules(), c.permission)
	case *rbacv3.Permission_OrRules:
		return anyOf(rule.OrRules.GetRules(), c.permission)
	case *rbacv3.Permission_NotRule:
		ok, err := c.permission(rule.NotRule)
		return !ok, err
	case *rbacv3.Permission_Header:
		value, present := c.header(rule.Header.GetName(), path)
		return matchesHeader(rule.Header, value, present) != rule.Header.GetInvertMatch(), nil
	case *rbacv3.Permission_UrlPath:
		return MatchString(rule.UrlPath.GetPath(), path), nil
	case *rbacv3.Permission_DestinationPort:
		return rule.DestinationPort == c.Port, nil
	case *rbacv3.Permission_DestinationPortRange:
		r := rule.DestinationPortRange
		return int32(c.Port) >= r.GetStart() && int32(c.Port) < r.GetEnd(), nil
	}
	return false, fmt.Errorf("permission %T is not known here", p.GetRule())
}

// principal says whether the caller is who a principal is about.
func (c Call) principal(p *rbacv3.Principal) (bool, error) {
	switch id := p.GetIdentifier().(type) {
	case *rbacv3.Principal_Any:
		return id.Any, nil
	case *rbacv3.Principal_AndIds:
		return allOf(id.AndIds.GetIds(), c.principal)
	case *rbacv3.Principal_OrIds:
		return anyOf(id.OrIds.GetIds(), c.principal)
	case *rbacv3.Principal_NotId:
		ok, err := c.principal(id.NotId)
		return !ok, err
	case *rbacv3.Principal_Authenticated_:
		name := id.Authenticated.GetPrincipalName()
		return c.Caller != "" && (name == nil || MatchString(name, c.Caller)), nil
	case *rbacv3.Principal_FilterState:
		return c.filterState(id)
	case *rbacv3.Principal_DirectRemoteIp:
		return within(id.DirectRemoteIp, c.Source)
	case *rbacv3.Principal_RemoteIp:
		return within(id.RemoteIp, c.Source)
	case *rbacv3.Principal_Header:
		path, _, _ := strings.Cut(c.Path, "?")
		value, present := c.header(id.Header.GetName(), path)
		return matchesHeader(id.Header, value, present) != id.Header.GetInvertMatch(), nil
	}
	return false, fmt.Errorf("principal %T is not known here", p.GetIdentifier())
}

// filterState reads the peer's identity where istiod keeps it.
func (c Call) filterState(id *rbacv3.Principal_FilterState) (bool, error) {
	if key := id.FilterState.GetKey(); key != "io.istio.peer_principal" {
		return false, fmt.Errorf("filter state %q is not known here", key)
	}
	return c.Caller != "" && MatchString(id.FilterState.GetStringMatch(), c.Caller), nil
}
