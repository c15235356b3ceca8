package eval

import (
	"slices"
	"strings"

	"github.com/meshloom/meshloom/translators/ir"
)

// External says whether the unit lets a workload of the namespace reach the
// host at the port. Where no unit does, and the host is no Service, the egress
// default decides.
func External(u *ir.ExternalUnit, namespace, host string, port int32) bool {
	if !u.MeshWide && namespace != u.Namespace {
		return false
	}
	return slices.ContainsFunc(u.Hosts, func(pattern string) bool { return MatchHost(pattern, host) }) &&
		slices.ContainsFunc(u.Ports, func(p ir.ExternalPort) bool { return p.Port == port })
}

// MatchHost compares host names without regard to case. "*" matches every
// host, "*.example.com" any name below example.com but not itself.
func MatchHost(pattern, host string) bool {
	pattern, host = strings.ToLower(pattern), strings.ToLower(host)
	if pattern == "*" {
		return true
	}
	if suffix, ok := strings.CutPrefix(pattern, "*"); ok {
		return len(host) > len(suffix) && strings.HasSuffix(host, suffix)
	}
	return pattern == host
}
