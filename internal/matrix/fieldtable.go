package matrix

import "github.com/meshloom/meshloom/translators/ir"

// fieldRow answers the fields of the paths together.
type fieldRow struct {
	paths      []string
	features   []ir.Feature
	everywhere string
}

func asks(features []ir.Feature, paths ...string) fieldRow {
	return fieldRow{paths: paths, features: features}
}

func everywhere(why string, paths ...string) fieldRow {
	return fieldRow{paths: paths, everywhere: why}
}

func one(f ...ir.Feature) []ir.Feature { return f }

// kindFields has a row for every field of every unified kind. A field of the
// API that is in none of them fails the test of this package.
var kindFields = []struct {
	kind, prefix string
	fields       []fieldRow
}{
	{"Mesh", "", meshFields},
	{"IngressController", "", controllerFields},
	{"IngressGateway", "", gatewayFields},
	{"TrafficSplit", "", splitFields},
	{"TrafficSplit", "rules[].", ruleFields},
	{"GatewayRoute", "", routeFields},
	{"GatewayRoute", "rules[].", ruleFields},
	{"TrafficPolicy", "", policyFields},
	{"AccessPolicy", "", accessFields},
	{"ExternalService", "", externalFields},
}

const (
	installs = "the installer reads it, where the provider can be installed"
	selects  = "Meshloom resolves it, before any provider is asked"
)

var meshFields = []fieldRow{
	everywhere("chooses the column", "provider", "dataPlane"),
	everywhere("says who installs", "mode"),
	everywhere(installs, "version", "upgrade.strategy", "upgrade.restarts", "upgrade.maxUnavailable", "upgrade.settle",
		"helm.values", "helm.chartSource.repository", "helm.chartSource.secretRef.name", "trust.rootSecretRef.name"),
	everywhere(selects, "controlPlaneNamespace", "members.namespaceSelector", "mtls.force", "trust.domain",
		"egress.allowedNamespaces.from", "egress.allowedNamespaces.selector",
		"allowedGateways.namespaces.from", "allowedGateways.namespaces.selector"),
	everywhere("meshctl and the console read it", "observability.prometheus.url"),
	asks(one(ir.MTLSModeStrict, ir.MTLSModePermissive, ir.MTLSModeDisabled), "mtls.mode"),
	asks(one(ir.AccessDefaultAllow, ir.AccessDefaultDeny), "access.default"),
	asks(one(ir.EgressDefaultAllow, ir.EgressDefaultDeny), "egress.default"),
}

var controllerFields = []fieldRow{
	everywhere("chooses the column", "provider"),
	everywhere("says who installs", "mode"),
	everywhere(installs, "version", "upgrade.strategy", "upgrade.restarts", "upgrade.maxUnavailable", "upgrade.settle",
		"helm.values", "helm.chartSource.repository", "helm.chartSource.secretRef.name"),
	everywhere(selects, "namespace", "gatewayClassName", "allowedNamespaces.from", "allowedNamespaces.selector"),
}

var gatewayFields = []fieldRow{
	everywhere(selects, "controllerRef.name", "meshRef.name", "listeners[].name",
		"listeners[].allowedRoutes.namespaces.from", "listeners[].allowedRoutes.namespaces.selector"),
	asks(one(ir.GatewayServiceType), "service.type"),
	asks(one(ir.GatewayAnnotations), "service.annotations"),
	asks(one(ir.GatewayTrafficPolicy), "service.externalTrafficPolicy"),
	asks(one(ir.GatewayReplicas), "replicas"),
	asks(one(ir.GatewayHTTP, ir.GatewayHTTPS), "listeners[].port", "listeners[].protocol"),
	asks(one(ir.GatewayHostname), "listeners[].hostname"),
	asks(one(ir.GatewayHTTPS, ir.GatewayManyCerts), "listeners[].tls.certificateRefs[].name"),
	asks(one(ir.GatewayForeignCert), "listeners[].tls.certificateRefs[].namespace"),
}

var splitFields = []fieldRow{
	everywhere(selects, "service.name", "service.ports[].port", "service.ports[].protocol"),
	asks(one(ir.SplitByService), "backendRefs[].name", "backendRefs[].port"),
	asks(one(ir.SplitBySubset), "backendRefs[].subset.labels", "rules[].backendRefs[].subset.labels"),
	asks(one(ir.SplitByService, ir.SplitBySubset), "backendRefs[].weight"),
}

var routeFields = []fieldRow{
	everywhere(selects, "parentRefs[].name", "parentRefs[].namespace", "parentRefs[].sectionName", "hostnames[]",
		"rules[].backendRefs[].namespace"),
}

// ruleFields are those of a rule of a TrafficSplit and of a GatewayRoute.
var ruleFields = []fieldRow{
	everywhere(selects, "name", "filters[].type"),
	asks(one(ir.MatchPathExact, ir.MatchPathPrefix, ir.MatchPathRegex), "matches[].path.type", "matches[].path.value"),
	asks(one(ir.MatchHeader, ir.MatchHeaderRegex), "matches[].headers[].type", "matches[].headers[].name", "matches[].headers[].value"),
	asks(one(ir.MatchQuery, ir.MatchQueryRegex), "matches[].queryParams[].type", "matches[].queryParams[].name", "matches[].queryParams[].value"),
	asks(one(ir.MatchMethod), "matches[].method"),
	asks(one(ir.RequestHeaders), "filters[].requestHeaderModifier.set[].name", "filters[].requestHeaderModifier.set[].value",
		"filters[].requestHeaderModifier.add[].name", "filters[].requestHeaderModifier.add[].value", "filters[].requestHeaderModifier.remove[]"),
	asks(one(ir.ResponseHeaders), "filters[].responseHeaderModifier.set[].name", "filters[].responseHeaderModifier.set[].value",
		"filters[].responseHeaderModifier.add[].name", "filters[].responseHeaderModifier.add[].value", "filters[].responseHeaderModifier.remove[]"),
	asks(one(ir.Mirroring, ir.MirrorMultiple), "filters[].requestMirror.backendRef.name", "filters[].requestMirror.backendRef.namespace",
		"filters[].requestMirror.backendRef.port"),
	asks(one(ir.MirrorFraction), "filters[].requestMirror.percent", "filters[].requestMirror.fraction.numerator",
		"filters[].requestMirror.fraction.denominator"),
	asks(one(ir.Redirecting), "filters[].requestRedirect.scheme", "filters[].requestRedirect.hostname", "filters[].requestRedirect.port",
		"filters[].requestRedirect.statusCode"),
	asks(one(ir.RedirectPath), "filters[].requestRedirect.path.type", "filters[].requestRedirect.path.replaceFullPath",
		"filters[].requestRedirect.path.replacePrefixMatch"),
	asks(one(ir.RewriteHost), "filters[].urlRewrite.hostname"),
	asks(one(ir.RewritePathFull, ir.RewritePathPrefix), "filters[].urlRewrite.path.type"),
	asks(one(ir.RewritePathFull), "filters[].urlRewrite.path.replaceFullPath"),
	asks(one(ir.RewritePathPrefix), "filters[].urlRewrite.path.replacePrefixMatch"),
	asks(one(ir.CORSPolicy), "filters[].cors.allowOrigins[]", "filters[].cors.allowCredentials", "filters[].cors.allowMethods[]",
		"filters[].cors.allowHeaders[]", "filters[].cors.exposeHeaders[]", "filters[].cors.maxAge"),
	asks(one(ir.SplitByService), "backendRefs[].name", "backendRefs[].port", "backendRefs[].weight"),
}

var policyFields = []fieldRow{
	everywhere(selects, "targetRefs[].kind", "targetRefs[].name", "targetRefs[].sectionName", "onUnsupported"),
	asks(one(ir.TimeoutRequest), "timeouts.request"),
	asks(one(ir.TimeoutBackend), "timeouts.backendRequest"),
	asks(one(ir.RetryAttempts), "retry.attempts"),
	asks(one(ir.RetryCodes), "retry.codes[]"),
	asks(one(ir.RetryOn), "retry.failures[]"),
	asks(one(ir.RetryBackoff), "retry.backoff.base", "retry.backoff.max"),
	asks(one(ir.FaultInjectionDelay), "fault.delay.duration", "fault.delay.percent"),
	asks(one(ir.FaultInjectionAbort), "fault.abort.httpStatus", "fault.abort.percent"),
	asks(one(ir.Outlier), "outlierDetection.consecutiveErrors", "outlierDetection.interval", "outlierDetection.ejectionTime"),
	asks(one(ir.OutlierMaxPercent), "outlierDetection.maxEjectionPercent"),
	asks(one(ir.PoolConnections), "connectionPool.maxConnections"),
	asks(one(ir.PoolPending), "connectionPool.maxPendingRequests"),
	asks(one(ir.PoolConnectTimeout), "connectionPool.connectTimeout"),
	asks(one(ir.LoadBalancing), "loadBalancer.algorithm"),
	asks(one(ir.HashHeader), "loadBalancer.consistentHash.header.name"),
	asks(one(ir.HashByCookie), "loadBalancer.consistentHash.cookie.name", "loadBalancer.consistentHash.cookie.path",
		"loadBalancer.consistentHash.cookie.ttl"),
	asks(one(ir.HashSourceIP), "loadBalancer.consistentHash.sourceIP"),
	asks(one(ir.RateLimitLocal), "rateLimit.local.requests", "rateLimit.local.per"),
}

var accessFields = []fieldRow{
	everywhere(selects, "targetRefs[].kind", "targetRefs[].name"),
	asks(one(ir.AllowIdentity, ir.AllowNamespace, ir.AllowMember, ir.AllowAnyone, ir.DenyIdentity, ir.DenyNamespace, ir.DenyMember, ir.DenyAnyone),
		"action"),
	asks(one(ir.AllowIdentity, ir.DenyIdentity, ir.DenyUnidentified), "rules[].from[].serviceAccount.name", "rules[].from[].serviceAccount.namespace",
		"rules[].from[].service.name", "rules[].from[].service.namespace", "rules[].from[].ingressGateway.name", "rules[].from[].ingressGateway.namespace"),
	asks(one(ir.AllowNamespace, ir.DenyNamespace, ir.DenyUnidentified), "rules[].from[].namespace.name"),
	asks(one(ir.AllowMember, ir.DenyMember), "rules[].from[].member"),
	asks(one(ir.AllowAnyone, ir.DenyAnyone), "rules[].from[].anyone"),
	asks(one(ir.AccessMethods), "rules[].to[].methods[]"),
	asks(one(ir.AccessPathExact, ir.AccessPathPrefix, ir.AccessPathRegex), "rules[].to[].paths[].type", "rules[].to[].paths[].value"),
	asks(one(ir.AccessPorts), "rules[].to[].ports[]"),
}

var externalFields = []fieldRow{
	asks(one(ir.ExternalHost, ir.ExternalWildcard), "hosts[]"),
	asks(one(ir.ExternalHost), "ports[].port", "ports[].protocol"),
	asks(one(ir.ExternalDNS, ir.ExternalStatic, ir.ExternalNone), "resolution"),
	asks(one(ir.ExternalStatic), "endpoints[].address"),
	asks(one(ir.ExternalMeshWide), "scope"),
}
