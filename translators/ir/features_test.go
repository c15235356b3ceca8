package ir_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/meshloom/meshloom/translators/ir"
)

// verdict says what answers a field: features, or why none has to.
type verdict struct {
	features   []ir.Feature
	structural string
}

func asks(features ...ir.Feature) verdict { return verdict{features: features} }
func structural(reason string) verdict    { return verdict{structural: reason} }
func within(answered string) verdict {
	return verdict{structural: "its parts are answered: " + answered}
}
func parameterOf(feature string) verdict { return verdict{structural: "a value of " + feature} }
func observedBy(what string) verdict     { return verdict{structural: "observed, not asked for: " + what} }

func resolvedFrom(intent string) verdict {
	return verdict{structural: "resolved, answered by " + intent}
}
func identifies(what string) verdict      { return verdict{structural: "names " + what} }
func reportedElsewhere(at string) verdict { return verdict{structural: "answered by " + at} }
func everywhere(promise string) verdict {
	return verdict{structural: "every provider does it: " + promise}
}

// opaque types are described as a whole where they are used: none of their
// fields is an intent of its own.
var opaque = map[string]string{
	"Source": "where a piece came from", "Ref": "names an object", "Key": "names the unit",
	"Participant": "status is computed for it", "Target": "names a target", "Mesh": "the mesh a unit belongs to",
	"Controller": "the ingress a gateway belongs to", "Service": "observed in the cluster", "Port": "observed in the cluster",
	"ServiceRef": "a resolved reference", "Workload": "observed in the cluster", "Identity": "observed in the cluster",
	"GatewayWorkload": "observed in the cluster", "Duration": "a value", "Header": "a value of RequestHeaders and ResponseHeaders",
}

// verdicts has a line for every field of every type that is not opaque. A new
// field fails the test until it has one.
var verdicts = map[string]verdict{
	"Unit.Key": identifies("the unit"), "Unit.Participants": structural("status is computed for them"),
	"Unit.Service": within("ServiceUnit"), "Unit.Access": within("AccessUnit"), "Unit.Namespace": within("NamespaceUnit"),
	"Unit.Mesh": within("MeshUnit"), "Unit.Gateway": within("GatewayUnit"), "Unit.Route": within("RouteUnit"),
	"Unit.External": within("ExternalUnit"),

	"ServiceUnit.Mesh": identifies("the mesh"), "ServiceUnit.Service": identifies("the Service"),
	"ServiceUnit.Ports": within("Route"), "ServiceUnit.Subsets": resolvedFrom("Backend.Subset"),
	"ServiceUnit.Destination": within("DestinationPolicy"),
	"PortRoutes.Port":         identifies("the port"), "PortRoutes.Routes": within("Route"),
	"Subset.Name": resolvedFrom("Backend.Subset"), "Subset.Labels": resolvedFrom("Backend.Subset"), "Subset.Source": identifies("the origin"),

	"Route.Rule": identifies("the user's rule"), "Route.Match": within("Match"), "Route.Filters": within("Filters"),
	"Route.Backends": asks(ir.SplitByService), "Route.Timeouts": within("Timeouts"), "Route.Retry": within("Retry"),
	"Route.Fault": within("Fault"), "Route.Source": identifies("the origin"),
	"Match.Path": within("PathMatch"), "Match.Method": asks(ir.MatchMethod), "Match.Headers": asks(ir.MatchHeader), "Match.Query": asks(ir.MatchQuery),
	"PathMatch.Type":  asks(ir.MatchPathExact, ir.MatchPathPrefix, ir.MatchPathRegex, ir.AccessPathExact, ir.AccessPathPrefix, ir.AccessPathRegex),
	"PathMatch.Value": parameterOf("MatchPath and AccessPath features"),
	"ValueMatch.Type": asks(ir.MatchHeaderRegex, ir.MatchQueryRegex), "ValueMatch.Name": parameterOf("MatchHeader and MatchQuery"),
	"ValueMatch.Value": parameterOf("MatchHeader and MatchQuery"),
	"Backend.Service":  resolvedFrom("SplitByService"), "Backend.Subset": asks(ir.SplitBySubset),
	"Backend.Weight": parameterOf("SplitByService and SplitBySubset"), "Backend.Filters": asks(ir.BackendHeaders),
	"Backend.Invalid": everywhere("its share is answered 500"), "Backend.Source": identifies("the origin"),

	"Filters.RequestHeaders": asks(ir.RequestHeaders), "Filters.ResponseHeaders": asks(ir.ResponseHeaders),
	"Filters.Mirrors": asks(ir.Mirroring, ir.MirrorMultiple), "Filters.Rewrite": within("Rewrite"),
	"Filters.Redirect": asks(ir.Redirecting), "Filters.CORS": asks(ir.CORSPolicy),
	"HeaderModifier.Set": parameterOf("RequestHeaders and ResponseHeaders"), "HeaderModifier.Add": parameterOf("RequestHeaders and ResponseHeaders"),
	"HeaderModifier.Remove": parameterOf("RequestHeaders and ResponseHeaders"), "HeaderModifier.Source": identifies("the origin"),
	"Mirror.Backend": parameterOf("Mirror"), "Mirror.Numerator": asks(ir.MirrorFraction), "Mirror.Denominator": asks(ir.MirrorFraction),
	"Mirror.Source":     identifies("the origin"),
	"PathModifier.Type": asks(ir.RewritePathFull, ir.RewritePathPrefix), "PathModifier.Value": parameterOf("RewritePath and RedirectPath"),
	"Rewrite.Hostname": asks(ir.RewriteHost), "Rewrite.Path": within("PathModifier"), "Rewrite.Source": identifies("the origin"),
	"Redirect.Scheme": parameterOf("Redirect"), "Redirect.Hostname": parameterOf("Redirect"), "Redirect.Path": asks(ir.RedirectPath),
	"Redirect.Port": parameterOf("Redirect"), "Redirect.StatusCode": parameterOf("Redirect"), "Redirect.Source": identifies("the origin"),
	"CORS.AllowOrigins": parameterOf("CORS"), "CORS.AllowMethods": parameterOf("CORS"), "CORS.AllowHeaders": parameterOf("CORS"),
	"CORS.ExposeHeaders": parameterOf("CORS"), "CORS.AllowCredentials": parameterOf("CORS"), "CORS.MaxAge": parameterOf("CORS"),
	"CORS.Source": identifies("the origin"),

	"Timeouts.Request": asks(ir.TimeoutRequest), "Timeouts.BackendRequest": asks(ir.TimeoutBackend),
	"Timeout.Duration": parameterOf("the timeouts"), "Timeout.Source": identifies("the origin"),
	"Retry.Attempts": asks(ir.RetryAttempts), "Retry.Codes": asks(ir.RetryCodes), "Retry.On": asks(ir.RetryOn),
	"Retry.Backoff": asks(ir.RetryBackoff), "Retry.Source": identifies("the origin"),
	"Backoff.Base": parameterOf("RetryBackoff"), "Backoff.Max": parameterOf("RetryBackoff"),
	"Fault.Delay": asks(ir.FaultInjectionDelay), "Fault.Abort": asks(ir.FaultInjectionAbort), "Fault.Source": identifies("the origin"),
	"FaultDelay.Duration": parameterOf("FaultDelay"), "FaultDelay.Percent": parameterOf("FaultDelay"),
	"FaultAbort.HTTPStatus": parameterOf("FaultAbort"), "FaultAbort.Percent": parameterOf("FaultAbort"),

	"DestinationPolicy.OutlierDetection": asks(ir.Outlier), "DestinationPolicy.ConnectionPool": within("ConnectionPool"),
	"DestinationPolicy.LoadBalancer": within("LoadBalancer"), "DestinationPolicy.RateLimit": asks(ir.RateLimitLocal),
	"OutlierDetection.ConsecutiveErrors": parameterOf("OutlierDetection"), "OutlierDetection.Interval": parameterOf("OutlierDetection"),
	"OutlierDetection.EjectionTime": parameterOf("OutlierDetection"), "OutlierDetection.MaxEjectionPercent": asks(ir.OutlierMaxPercent),
	"OutlierDetection.Source":       identifies("the origin"),
	"ConnectionPool.MaxConnections": asks(ir.PoolConnections), "ConnectionPool.MaxPendingRequests": asks(ir.PoolPending),
	"ConnectionPool.ConnectTimeout": asks(ir.PoolConnectTimeout),
	"ConnectionPool.Source":         identifies("the origin"),
	"LoadBalancer.Algorithm":        asks(ir.LoadBalancing), "LoadBalancer.ConsistentHash": within("ConsistentHash"),
	"LoadBalancer.Source":   identifies("the origin"),
	"ConsistentHash.Header": asks(ir.HashHeader), "ConsistentHash.Cookie": asks(ir.HashByCookie), "ConsistentHash.SourceIP": asks(ir.HashSourceIP),
	"HashCookie.Name": parameterOf("ConsistentHashCookie"), "HashCookie.Path": parameterOf("ConsistentHashCookie"),
	"HashCookie.TTL":     parameterOf("ConsistentHashCookie"),
	"RateLimit.Requests": parameterOf("RateLimitLocal"), "RateLimit.Per": parameterOf("RateLimitLocal"), "RateLimit.Source": identifies("the origin"),

	"AccessUnit.Mesh": identifies("the mesh"), "AccessUnit.Namespace": identifies("the namespace"),
	"AccessUnit.Default": reportedElsewhere("the namespace unit, for the Mesh that says it"), "AccessUnit.Targets": within("AccessTarget"),
	"AccessUnit.Strict":         reportedElsewhere("the namespace unit, for the Mesh that says it"),
	"AccessUnit.NamespaceRules": reportedElsewhere("the namespace unit, which emits them"),
	"AccessTarget.Service":      identifies("the target"), "AccessTarget.Workloads": observedBy("the target's pods"), "AccessTarget.Rules": within("AccessRules"),
	"AccessTarget.RateLimit": reportedElsewhere("the service unit, which has the same"), "AccessUnit.MTLS": reportedElsewhere("the namespace unit, for the Mesh that says it"),
	"AccessUnit.Gateways": observedBy("the gateways"),
	"AccessRules.Deny":    asks(ir.DenyIdentity, ir.DenyNamespace, ir.DenyMember, ir.DenyAnyone), "AccessRules.Allow": asks(ir.AllowIdentity, ir.AllowNamespace, ir.AllowMember, ir.AllowAnyone),
	"AccessRules.AllowSelected": everywhere("closing a target needs no feature"), "AccessRules.DenyAll": everywhere("closing a target needs no feature"),
	"AccessRules.Policies": identifies("the policies summed up"),
	"AccessRule.From":      within("Caller"), "AccessRule.To": within("Operation"), "AccessRule.Source": identifies("the origin"),
	"Caller.Anyone": asks(ir.AllowAnyone, ir.DenyAnyone), "Caller.Member": asks(ir.AllowMember, ir.DenyMember),
	"Caller.Unidentified": asks(ir.DenyUnidentified), "Caller.Identities": asks(ir.AllowIdentity, ir.DenyIdentity),
	"Caller.Namespaces": asks(ir.AllowNamespace, ir.DenyNamespace), "Caller.Source": identifies("the origin"),
	"Operation.Methods": asks(ir.AccessMethods), "Operation.Paths": within("PathMatch"), "Operation.Ports": asks(ir.AccessPorts),
	"Operation.Source": identifies("the origin"),

	"NamespaceUnit.Mesh": identifies("the mesh"), "NamespaceUnit.Name": identifies("the namespace"), "NamespaceUnit.MTLS": within("MTLS"),
	"NamespaceUnit.AccessDefault": asks(ir.AccessDefaultAllow, ir.AccessDefaultDeny),
	"NamespaceUnit.EgressDefault": asks(ir.EgressDefaultAllow, ir.EgressDefaultDeny),
	"NamespaceUnit.Access":        within("AccessRules"), "NamespaceUnit.Workloads": observedBy("the namespace's pods"),
	"NamespaceUnit.Gateways":   observedBy("the namespace's gateways"),
	"NamespaceUnit.MarksAlone": structural("members of an adopted mesh are marked by whoever installed it"),
	"NamespaceUnit.Arriving":   structural("members are marked by the engine and by MarksAlone"),
	"NamespaceUnit.Recorded":   structural("the engine records members"),
	"NamespaceUnit.Revision":   structural("it chooses the value of a member's mark"),
	"MTLS.Mode":                asks(ir.MTLSModeStrict, ir.MTLSModePermissive, ir.MTLSModeDisabled), "MTLS.Source": identifies("the origin"),
	"NamespaceUnit.Services": observedBy("the namespace's Services"), "NamespaceUnit.Targeted": observedBy("the namespace's policies"),
	"NamespaceUnit.Callers": resolvedFrom("AccessRule.From"),
	"MeshUnit.Mesh":         identifies("the mesh"), "MeshUnit.Members": observedBy("the member namespaces"),
	"MeshUnit.MTLS":          reportedElsewhere("the namespace unit, which has the same"),
	"MeshUnit.AccessDefault": reportedElsewhere("the namespace unit, which has the same"),
	"MeshUnit.EgressDefault": reportedElsewhere("the namespace unit, which has the same"),
	"ServiceUnit.Serving":    observedBy("the pods"), "ServingWorkloads.ServiceName": identifies("the Service"),
	"ServingWorkloads.Namespace": identifies("the Service"), "ServingWorkloads.Name": identifies("the Service"),
	"ServingWorkloads.Workloads": observedBy("the pods"),
	"ServiceUnit.Callers":        observedBy("the mesh's Services"), "AccessUnit.Callers": resolvedFrom("AccessRule.From"),
	"CallerService.ServiceName": identifies("the caller"), "CallerService.Workloads": observedBy("the caller's pods"),
	"CallerService.Namespace": identifies("the caller"), "CallerService.Name": identifies("the caller"),
	"CallerService.Namesakes": observedBy("the mesh's Services"),
	"AccessUnit.Others":       observedBy("the mesh's Services"), "AccessTarget.Routed": resolvedFrom("Backend.Service"),
	"AccessUnit.Fronts": resolvedFrom("Backend.Service"), "Front.Service": resolvedFrom("Backend.Service"),
	"Front.Workloads":       resolvedFrom("Backend.Service"),
	"ServiceName.Namespace": identifies("the Service"), "ServiceName.Name": identifies("the Service"),

	"ExternalUnit.Mesh": identifies("the mesh"), "ExternalUnit.Namespace": identifies("the object"), "ExternalUnit.Name": identifies("the object"),
	"ExternalUnit.Hosts": asks(ir.ExternalHost, ir.ExternalWildcard), "ExternalUnit.Ports": within("ExternalPort"),
	"ExternalUnit.Resolution": asks(ir.ExternalDNS, ir.ExternalStatic, ir.ExternalNone),
	"ExternalUnit.Endpoints":  parameterOf("ExternalResolutionStatic"), "ExternalUnit.MeshWide": asks(ir.ExternalMeshWide),
	"ExternalUnit.Source": identifies("the origin"),
	"ExternalPort.Port":   parameterOf("ExternalHost"), "ExternalPort.Protocol": parameterOf("ExternalHost"), "ExternalPort.Source": identifies("the origin"),

	"GatewayUnit.Namespace": identifies("the gateway"), "GatewayUnit.Name": identifies("the gateway"),
	"GatewayUnit.Controller": identifies("the ingress"), "GatewayUnit.Mesh": reportedElsewhere("the pairing function"),
	"GatewayUnit.Listeners": within("Listener"), "GatewayUnit.Workload": observedBy("the proxy"),
	"GatewayUnit.ServiceType": asks(ir.GatewayServiceType), "GatewayUnit.ServiceAnnotations": asks(ir.GatewayAnnotations),
	"GatewayUnit.ExternalTrafficPolicy": asks(ir.GatewayTrafficPolicy), "GatewayUnit.Replicas": asks(ir.GatewayReplicas),
	"GatewayUnit.Source": identifies("the origin"),
	"Listener.Name":      identifies("the listener"), "Listener.Port": parameterOf("ListenerHTTP and ListenerHTTPS"),
	"Listener.Protocol": asks(ir.GatewayHTTP, ir.GatewayHTTPS), "Listener.Hostname": asks(ir.GatewayHostname),
	"Listener.Certificates": asks(ir.GatewayManyCerts), "Listener.Source": identifies("the origin"),
	"Certificate.Namespace": asks(ir.GatewayForeignCert), "Certificate.Name": parameterOf("ListenerHTTPS"), "Certificate.Source": identifies("the origin"),
	"RouteUnit.Gateway": reportedElsewhere("the gateway unit"), "RouteUnit.Listener": reportedElsewhere("the gateway unit"),
	"RouteUnit.Hostname": identifies("the unit"), "RouteUnit.Routes": within("Route"), "RouteUnit.Backends": within("RouteBackend"),
	"RouteBackend.Service": identifies("the backend"), "RouteBackend.Member": observedBy("the backend's mesh"),
	"RouteBackend.Split": within("ServiceUnit"),
}

func TestEveryFieldHasAVerdict(t *testing.T) {
	fields := map[string]bool{}
	seen := map[reflect.Type]bool{}
	walkTypes(reflect.TypeFor[ir.Unit](), seen, func(typ reflect.Type, field reflect.StructField) {
		fields[typ.Name()+"."+field.Name] = true
	})
	for field := range fields {
		if _, ok := verdicts[field]; !ok {
			t.Errorf("%s is answered by no feature: add one to feature.go and uses.go, or say here why it needs none", field)
		}
	}
	for field, v := range verdicts {
		if !fields[field] {
			t.Errorf("%s has a verdict and does not exist", field)
		}
		if (len(v.features) == 0) == (v.structural == "") {
			t.Errorf("%s needs either features or a reason why it has none", field)
		}
	}
}

func TestEveryFeatureAnswersAField(t *testing.T) {
	answered := map[ir.Feature]bool{}
	for _, v := range verdicts {
		for _, f := range v.features {
			answered[f] = true
		}
	}
	listed := map[ir.Feature]bool{}
	for _, info := range ir.Features() {
		if listed[info.Feature] {
			t.Errorf("%s is listed twice", info.Feature)
		}
		listed[info.Feature] = true
		if !answered[info.Feature] {
			t.Errorf("%s answers no field", info.Feature)
		}
		if info.Title == "" || strings.HasSuffix(info.Title, ".") || len(info.Kinds) == 0 || info.Group == "" {
			t.Errorf("%s is described badly: %+v", info.Feature, info)
		}
		if !info.Mesh() && !info.Ingress() {
			t.Errorf("%s can be asked of nobody", info.Feature)
		}
	}
	for f := range answered {
		if !listed[f] {
			t.Errorf("%s is not in Features", f)
		}
	}
}

// walkTypes calls visit for every field of every struct below typ that is not
// opaque.
func walkTypes(typ reflect.Type, seen map[reflect.Type]bool, visit func(reflect.Type, reflect.StructField)) {
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		walkTypes(typ.Elem(), seen, visit)
		return
	case reflect.Struct:
	default:
		return
	}
	if _, ok := opaque[typ.Name()]; ok || seen[typ] {
		return
	}
	seen[typ] = true
	for field := range fieldsOf(typ) {
		visit(typ, field)
		walkTypes(field.Type, seen, visit)
	}
}

func fieldsOf(typ reflect.Type) func(func(reflect.StructField) bool) {
	return slices.Values(reflect.VisibleFields(typ))
}

func TestEveryFeatureConstantIsListed(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "feature.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, info := range ir.Features() {
		listed[string(info.Feature)] = true
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if name, _ := strconv.Unquote(lit.Value); !listed[name] {
				t.Errorf("%s is not in Features", name)
			}
		}
		return true
	})
}
