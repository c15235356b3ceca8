package ads

import (
	"fmt"
	"net/netip"
	"slices"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	httprbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tcprbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/rbac/v3"
)

// Inbound is the listener of a sidecar that takes what others send.
const Inbound = "virtualInbound"

// Access returns the rules that requests to one port of a sidecar's workload
// pass, in their order, of the network filters first. Rules that only log and
// refuse nobody are left out.
func (s *Snapshot) Access(port uint32) ([]*rbacv3.RBAC, error) {
	listener, ok := s.Listeners[Inbound]
	if !ok {
		return nil, fmt.Errorf("there is no listener %s", Inbound)
	}
	// The chains of a port differ in TLS and are the same in all else.
	for _, chain := range listener.GetFilterChains() {
		if chain.GetFilterChainMatch().GetDestinationPort().GetValue() == port {
			return chainRules(chain)
		}
	}
	return nil, fmt.Errorf("listener %s has no filter chain for port %d", Inbound, port)
}

// AccessOf returns the rules that requests of one filter chain pass, as Access does.
func (s *Snapshot) AccessOf(listener, name string) ([]*rbacv3.RBAC, error) {
	for _, chain := range Chains(s.Listeners[listener]) {
		if chain.GetName() == name {
			return chainRules(chain)
		}
	}
	return nil, fmt.Errorf("listener %s has no filter chain %s", listener, name)
}

func chainRules(chain *listenerv3.FilterChain) ([]*rbacv3.RBAC, error) {
	var rules []*rbacv3.RBAC
	for _, f := range chain.GetFilters() {
		config := f.GetTypedConfig()
		switch {
		case config.MessageIs((*tcprbacv3.RBAC)(nil)):
			filter := new(tcprbacv3.RBAC)
			if err := config.UnmarshalTo(filter); err != nil {
				return nil, fmt.Errorf("read filter %s: %w", f.GetName(), err)
			}
			rules = append(rules, filter.GetRules())
		case config.MessageIs((*hcmv3.HttpConnectionManager)(nil)):
			manager := new(hcmv3.HttpConnectionManager)
			if err := config.UnmarshalTo(manager); err != nil {
				return nil, fmt.Errorf("read filter %s: %w", f.GetName(), err)
			}
			more, err := httpRules(manager)
			if err != nil {
				return nil, err
			}
			rules = append(rules, more...)
		}
	}
	return slices.DeleteFunc(rules, func(r *rbacv3.RBAC) bool { return r == nil }), nil
}

func httpRules(manager *hcmv3.HttpConnectionManager) ([]*rbacv3.RBAC, error) {
	var rules []*rbacv3.RBAC
	for _, f := range manager.GetHttpFilters() {
		if !f.GetTypedConfig().MessageIs((*httprbacv3.RBAC)(nil)) {
			continue
		}
		filter := new(httprbacv3.RBAC)
		if err := f.GetTypedConfig().UnmarshalTo(filter); err != nil {
			return nil, fmt.Errorf("read filter %s: %w", f.GetName(), err)
		}
		rules = append(rules, filter.GetRules())
	}
	return rules, nil
}

// Call is a request to a workload as RBAC sees it.
type Call struct {
	// Caller is the identity in the client's certificate, as a SPIFFE URI, or
	// empty for plaintext.
	Caller string
	// Source is the client's address.
	Source netip.Addr
	// Port is the workload's own.
	Port uint32
	Request
}

// Admits says whether all rules let the call pass. What the evaluation does
// not know is an error and never an answer.
func Admits(rules []*rbacv3.RBAC, c Call) (bool, error) {
	if c.Method == "" {
		c.Method = "GET"
	}
	for _, r := range rules {
		matched, err := c.matchesAny(r)
		if err != nil {
			return false, err
		}
		switch r.GetAction() {
		case rbacv3.RBAC_ALLOW:
			if !matched {
				return false, nil
			}
		case rbacv3.RBAC_DENY:
			if matched {
				return false, nil
			}
		case rbacv3.RBAC_LOG:
		}
	}
	return true, nil
}

func (c Call) matchesAny(r *rbacv3.RBAC) (bool, error) {
	for name, policy := range r.GetPolicies() {
		permitted, err := anyOf(policy.GetPermissions(), c.permission)
		if err != nil {
			return false, fmt.Errorf("evaluate policy %s: %w", name, err)
		}
		known, err := anyOf(policy.GetPrincipals(), c.principal)
		if err != nil {
			return false, fmt.Errorf("evaluate policy %s: %w", name, err)
		}
		if permitted && known {
			return true, nil
		}
	}
	return false, nil
}

func anyOf[T any](items []T, matches func(T) (bool, error)) (bool, error) {
	for _, item := range items {
		if ok, err := matches(item); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func allOf[T any](items []T, matches func(T) (bool, error)) (bool, error) {
	for _, item := range items {
		if ok, err := matches(item); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

func within(block *corev3.CidrRange, address netip.Addr) (bool, error) {
	ip, err := netip.ParseAddr(block.GetAddressPrefix())
	if err != nil {
		return false, fmt.Errorf("read address range: %w", err)
	}
	return netip.PrefixFrom(ip, int(block.GetPrefixLen().GetValue())).Masked().Contains(address.Unmap()), nil
}
