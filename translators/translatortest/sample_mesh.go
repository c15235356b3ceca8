package translatortest

import "github.com/meshloom/meshloom/translators/ir"

func accessSamples() map[ir.Feature]builder {
	at := source("AccessPolicy", "ratings", "spec.rules[0]")
	rule := func(c ir.Caller) []ir.AccessRule {
		c.Source = at.At("from[0]")
		return []ir.AccessRule{{From: []ir.Caller{c}, Source: at}}
	}
	allow := func(c ir.Caller) builder {
		return builder{add: func(p *parts) { p.rules.Allow = rule(c) }}
	}
	cron := []ir.Identity{{Namespace: "batch", ServiceAccount: "cron"}}
	// A Deny takes callers out of those that are admitted: where these are named,
	// also a mesh that can only admit says it.
	named := func(p *parts) {
		p.rules.Allow = rule(ir.Caller{Identities: append([]ir.Identity{{Namespace: Namespace, ServiceAccount: "productpage"}}, cron...)})
	}
	deny := func(c ir.Caller) builder {
		return builder{base: named, add: func(p *parts) { p.rules.Deny = rule(c) }}
	}
	return map[ir.Feature]builder{
		ir.AllowIdentity:  allow(ir.Caller{Identities: cron}),
		ir.AllowNamespace: allow(ir.Caller{Namespaces: []string{"batch"}}),
		ir.AllowMember:    allow(ir.Caller{Member: true}),
		ir.AllowAnyone:    allow(ir.Caller{Anyone: true}),
		ir.DenyIdentity:   deny(ir.Caller{Identities: cron}),
		ir.DenyNamespace:  deny(ir.Caller{Namespaces: []string{"batch"}}),
		ir.DenyMember:     deny(ir.Caller{Member: true}),
		ir.DenyAnyone:     deny(ir.Caller{Anyone: true}),
		ir.DenyUnidentified: {
			base: func(p *parts) { named(p); p.rules.Deny = rule(ir.Caller{Identities: cron}) },
			add:  func(p *parts) { p.rules.Deny[0].From[0].Unidentified = true },
		},
	}
}

func operationSamples() map[ir.Feature]builder {
	at := source("AccessPolicy", "ratings", "spec.rules[0]")
	admitted := func(p *parts) {
		cron := []ir.Identity{{Namespace: "batch", ServiceAccount: "cron"}}
		p.rules.Allow = []ir.AccessRule{{From: []ir.Caller{{Identities: cron, Source: at.At("from[0]")}}, Source: at}}
	}
	narrow := func(o ir.Operation) builder {
		o.Source = at.At("to[0]")
		return builder{base: admitted, add: func(p *parts) { p.rules.Allow[0].To = []ir.Operation{o} }}
	}
	path := func(typ ir.PathType, value string) builder {
		return narrow(ir.Operation{Paths: []ir.PathMatch{{Type: typ, Value: value}}})
	}
	return map[ir.Feature]builder{
		ir.AccessMethods:    narrow(ir.Operation{Methods: []string{"GET"}}),
		ir.AccessPathExact:  path(ir.PathExact, "/ratings"),
		ir.AccessPathPrefix: path(ir.PathPrefix, "/ratings"),
		ir.AccessPathRegex:  path(ir.PathRegex, "/ratings/[0-9]+"),
		ir.AccessPorts:      narrow(ir.Operation{Ports: []int32{HTTPPort}}),
	}
}

func meshSamples() map[ir.Feature]builder {
	// An installed mesh has its defaults from its installation; in one that was
	// found they have to be written.
	quiet := func(p *parts) { p.namespace.Access, p.namespace.Mesh.Adopted = nil, true }
	mtls := func(mode ir.MTLSMode) builder {
		return builder{base: quiet, add: func(p *parts) {
			p.namespace.MTLS = &ir.MTLS{Mode: mode, Source: mesh().Source.At("spec.mtls.mode")}
		}}
	}
	access := func(d ir.AccessDefault) builder {
		return builder{base: quiet, add: func(p *parts) { p.namespace.AccessDefault = d }}
	}
	egress := func(d ir.EgressDefault) builder {
		return builder{base: quiet, add: func(p *parts) { p.namespace.EgressDefault = d }}
	}
	return map[ir.Feature]builder{
		ir.AccessDefaultAllow: access(ir.AccessAllow),
		ir.AccessDefaultDeny:  access(ir.AccessDeny),
		ir.MTLSModeStrict:     mtls(ir.MTLSStrict),
		ir.MTLSModePermissive: mtls(ir.MTLSPermissive),
		ir.MTLSModeDisabled:   mtls(ir.MTLSDisabled),
		ir.EgressDefaultAllow: egress(ir.EgressAllow),
		ir.EgressDefaultDeny:  egress(ir.EgressDeny),
	}
}

func externalSamples() map[ir.Feature]builder {
	// What a host is found by has no "without": another way stands in for it.
	resolve := func(r, instead ir.ExternalResolution) builder {
		set := func(r ir.ExternalResolution) func(*parts) {
			return func(p *parts) {
				p.external.Resolution, p.external.Endpoints = r, nil
				if r == ir.ResolutionStatic {
					p.external.Endpoints = []string{"192.0.2.10"}
				}
			}
		}
		return builder{base: set(instead), add: set(r)}
	}
	host := func(name, instead string) builder {
		return builder{
			base: func(p *parts) { p.external.Hosts, p.external.Resolution = []string{instead}, ir.ResolutionNone },
			add:  func(p *parts) { p.external.Hosts = []string{name} },
		}
	}
	return map[ir.Feature]builder{
		ir.ExternalHost:     host("api.pay.example", "other.pay.example"),
		ir.ExternalWildcard: host("*.pay.example", "pay.example"),
		ir.ExternalDNS:      resolve(ir.ResolutionDNS, ir.ResolutionNone),
		ir.ExternalStatic:   resolve(ir.ResolutionStatic, ir.ResolutionDNS),
		ir.ExternalNone:     resolve(ir.ResolutionNone, ir.ResolutionDNS),
		ir.ExternalMeshWide: {add: func(p *parts) { p.external.MeshWide = true }},
	}
}

func gatewaySamples() map[ir.Feature]builder {
	certificate := func(namespace, name string) ir.Certificate {
		return ir.Certificate{Namespace: namespace, Name: name, Source: source("IngressGateway", "public", "spec.listeners[0].tls.certificateRefs[0]")}
	}
	tls := func(p *parts) {
		l := &p.gateway.Listeners[0]
		l.Port, l.Protocol, l.Certificates = 443, ir.ListenerHTTPS, []ir.Certificate{certificate("edge", "shop-tls")}
	}
	replicas := int32(2)
	return map[ir.Feature]builder{
		ir.GatewayHTTP: {base: tls, add: func(p *parts) {
			p.gateway.Listeners[0].Port, p.gateway.Listeners[0].Protocol, p.gateway.Listeners[0].Certificates = 80, ir.ListenerHTTP, nil
		}},
		ir.GatewayHTTPS:    {add: tls},
		ir.GatewayHostname: {add: func(p *parts) { p.gateway.Listeners[0].Hostname = "*.shop.example" }},
		ir.GatewayManyCerts: {base: tls, add: func(p *parts) {
			p.gateway.Listeners[0].Certificates = append(p.gateway.Listeners[0].Certificates, certificate("edge", "shop-tls-ecdsa"))
		}},
		ir.GatewayForeignCert: {base: tls, add: func(p *parts) {
			p.gateway.Listeners[0].Certificates = []ir.Certificate{certificate(Namespace, "shop-tls")}
		}},
		ir.GatewayServiceType: {add: func(p *parts) { p.gateway.ServiceType = "NodePort" }},
		ir.GatewayAnnotations: {add: func(p *parts) {
			p.gateway.ServiceAnnotations = map[string]string{"example.com/size": "large"}
		}},
		ir.GatewayTrafficPolicy: {add: func(p *parts) { p.gateway.ExternalTrafficPolicy = "Local" }},
		ir.GatewayReplicas:      {add: func(p *parts) { p.gateway.Replicas = &replicas }},
	}
}
