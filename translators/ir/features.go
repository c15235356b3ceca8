package ir

import "slices"

// FeatureInfo describes one row of the capability matrix.
type FeatureInfo struct {
	Feature Feature `json:"feature"`
	// Group is the heading that the row stands below.
	Group string `json:"group"`
	// Title says in one line what a user asks for.
	Title string `json:"title"`
	// Kinds are the kinds of unit that the feature can occur in.
	Kinds []UnitKind `json:"kinds"`
}

// Mesh says whether the feature can be asked of a mesh.
func (f FeatureInfo) Mesh() bool {
	return slices.ContainsFunc(f.Kinds, func(k UnitKind) bool { return k != KindGateway && k != KindRoute })
}

// Ingress says whether the feature can be asked of an ingress.
func (f FeatureInfo) Ingress() bool {
	return slices.Contains(f.Kinds, KindGateway) || slices.Contains(f.Kinds, KindRoute)
}

// The groups of the capability matrix.
const (
	GroupRouting     = "Routing"
	GroupFilters     = "Filters"
	GroupRequest     = "Timeouts, retries, faults"
	GroupDestination = "Connections"
	GroupAccess      = "Access"
	GroupMesh        = "Mesh-wide"
	GroupExternal    = "External services"
	GroupGateway     = "Gateways"
)

// Features returns all features in the order of the capability matrix. The
// result is the caller's own.
func Features() []FeatureInfo {
	var out []FeatureInfo
	for _, g := range featureGroups() {
		for _, row := range g.rows {
			out = append(out, FeatureInfo{Feature: row.feature, Group: g.name, Title: row.title, Kinds: slices.Clone(g.kinds)})
		}
	}
	return out
}

type featureGroup struct {
	name  string
	kinds []UnitKind
	rows  []featureRow
}

type featureRow struct {
	feature Feature
	title   string
}

func featureGroups() []featureGroup {
	routes := []UnitKind{KindService, KindRoute}
	access := []UnitKind{KindAccess, KindNamespace}
	return []featureGroup{
		{GroupRouting, routes, routingRows},
		{GroupFilters, routes, filterRows},
		{GroupRequest, routes, requestRows},
		{GroupDestination, routes, destinationRows},
		{GroupAccess, access, accessRows},
		{GroupMesh, []UnitKind{KindNamespace}, meshRows},
		{GroupExternal, []UnitKind{KindExternal}, externalRows},
		{GroupGateway, []UnitKind{KindGateway}, gatewayRows},
	}
}

var routingRows = []featureRow{
	{SplitByService, "share requests among Services by weight"},
	{SplitBySubset, "share requests among pods of one Service by label"},
	{MatchPathExact, "match the whole path"},
	{MatchPathPrefix, "match the first elements of the path"},
	{MatchPathRegex, "match the path by regular expression"},
	{MatchMethod, "match the method"},
	{MatchHeader, "match a header's value"},
	{MatchHeaderRegex, "match a header by regular expression"},
	{MatchQuery, "match a query parameter's value"},
	{MatchQueryRegex, "match a query parameter by regular expression"},
}

var filterRows = []featureRow{
	{RequestHeaders, "set, add and remove request headers"},
	{ResponseHeaders, "set, add and remove response headers"},
	{BackendHeaders, "set, add and remove headers for one backend"},
	{Mirroring, "send a copy of each request elsewhere"},
	{MirrorFraction, "send a copy of a part of the requests elsewhere"},
	{MirrorMultiple, "send copies of a request to several places"},
	{RewritePathFull, "replace the whole path"},
	{RewritePathPrefix, "replace the matched prefix of the path"},
	{RewriteHost, "replace the Host header"},
	{Redirecting, "answer with a redirect"},
	{RedirectPath, "answer with a redirect to another path"},
	{CORSPolicy, "answer cross-origin requests"},
}

var requestRows = []featureRow{
	{TimeoutRequest, "limit the time of a request, retries included"},
	{TimeoutBackend, "limit the time of each try"},
	{RetryAttempts, "choose how often a failed request is retried"},
	{RetryCodes, "retry on chosen response statuses"},
	{RetryOn, "retry on chosen kinds of failure"},
	{RetryBackoff, "choose the pause between tries"},
	{FaultInjectionDelay, "delay a percentage of the requests"},
	{FaultInjectionAbort, "fail a percentage of the requests"},
}

var destinationRows = []featureRow{
	{Outlier, "take failing endpoints out of load balancing"},
	{OutlierMaxPercent, "limit how many endpoints are taken out at once"},
	{PoolConnections, "limit the connections"},
	{PoolPending, "limit the requests that wait for a connection"},
	{PoolConnectTimeout, "limit the time to connect"},
	{LoadBalancing, "choose the load-balancing algorithm"},
	{HashHeader, "send requests with the same header value to the same endpoint"},
	{HashByCookie, "send requests with the same cookie to the same endpoint"},
	{HashSourceIP, "send requests from the same address to the same endpoint"},
	{RateLimitLocal, "limit the requests that each receiving proxy admits"},
}

var accessRows = []featureRow{
	{AllowIdentity, "admit callers by ServiceAccount"},
	{AllowNamespace, "admit callers by namespace"},
	{AllowMember, "admit every member of the mesh"},
	{AllowAnyone, "admit every caller"},
	{DenyIdentity, "refuse callers by ServiceAccount"},
	{DenyNamespace, "refuse callers by namespace"},
	{DenyMember, "refuse every member of the mesh"},
	{DenyAnyone, "refuse every caller"},
	{DenyUnidentified, "refuse callers without an identity along with those named"},
	{AccessMethods, "narrow a rule to methods"},
	{AccessPathExact, "narrow a rule to whole paths"},
	{AccessPathPrefix, "narrow a rule to path prefixes"},
	{AccessPathRegex, "narrow a rule to paths by regular expression"},
	{AccessPorts, "narrow a rule to ports"},
}

var meshRows = []featureRow{
	{AccessDefaultAllow, "admit requests that no AccessPolicy speaks of"},
	{AccessDefaultDeny, "refuse requests that no AccessPolicy speaks of"},
	{MTLSModeStrict, "refuse plaintext"},
	{MTLSModePermissive, "accept plaintext and mutual TLS"},
	{MTLSModeDisabled, "accept plaintext only"},
	{EgressDefaultAllow, "let members reach hosts that no ExternalService names"},
	{EgressDefaultDeny, "keep members from hosts that no ExternalService names"},
}

var externalRows = []featureRow{
	{ExternalHost, "reach an external host"},
	{ExternalWildcard, "reach every host below a domain"},
	{ExternalDNS, "find an external host by DNS"},
	{ExternalStatic, "find an external host at fixed addresses"},
	{ExternalNone, "reach an external host at the address that was dialled"},
	{ExternalMeshWide, "let every member reach an external host"},
}

var gatewayRows = []featureRow{
	{GatewayHTTP, "listen for HTTP"},
	{GatewayHTTPS, "listen for HTTPS and terminate TLS"},
	{GatewayHostname, "restrict a listener to a hostname"},
	{GatewayManyCerts, "serve several certificates on one listener"},
	{GatewayForeignCert, "serve a certificate of another namespace"},
	{GatewayServiceType, "choose the type of the gateway's Service"},
	{GatewayAnnotations, "annotate the gateway's Service"},
	{GatewayTrafficPolicy, "choose the external traffic policy of the gateway's Service"},
	{GatewayReplicas, "choose the number of the gateway's replicas"},
}
