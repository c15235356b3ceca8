package ir

func (w *useWalk) namespace(u *NamespaceUnit) {
	if u.MTLS != nil {
		w.addIf(u.MTLS.Mode == MTLSStrict, MTLSModeStrict, u.MTLS.Source)
		w.addIf(u.MTLS.Mode == MTLSPermissive, MTLSModePermissive, u.MTLS.Source)
		w.addIf(u.MTLS.Mode == MTLSDisabled, MTLSModeDisabled, u.MTLS.Source)
	}
	access := u.Mesh.Source.At("spec.access.default")
	w.addIf(u.AccessDefault == AccessAllow, AccessDefaultAllow, access)
	w.addIf(u.AccessDefault == AccessDeny, AccessDefaultDeny, access)
	egress := u.Mesh.Source.At("spec.egress.default")
	w.addIf(u.EgressDefault == EgressAllow, EgressDefaultAllow, egress)
	w.addIf(u.EgressDefault == EgressDeny, EgressDefaultDeny, egress)
	if u.Access != nil {
		w.rules(u.Access)
	}
}

func (w *useWalk) external(u *ExternalUnit) {
	for _, host := range u.Hosts {
		if len(host) > 0 && host[0] == '*' {
			w.add(ExternalWildcard, u.Source.At("spec.hosts"))
		} else {
			w.add(ExternalHost, u.Source.At("spec.hosts"))
		}
	}
	resolution := u.Source.At("spec.resolution")
	w.addIf(u.Resolution == ResolutionDNS, ExternalDNS, resolution)
	w.addIf(u.Resolution == ResolutionStatic, ExternalStatic, resolution)
	w.addIf(u.Resolution == ResolutionNone, ExternalNone, resolution)
	w.addIf(u.MeshWide, ExternalMeshWide, u.Source.At("spec.scope"))
}

func (w *useWalk) gateway(u *GatewayUnit) {
	for i := range u.Listeners {
		l := &u.Listeners[i]
		w.addIf(l.Protocol == ListenerHTTP, GatewayHTTP, l.Source)
		w.addIf(l.Protocol == ListenerHTTPS, GatewayHTTPS, l.Source)
		w.addIf(l.Hostname != "" && l.Hostname != "*", GatewayHostname, l.Source)
		w.addIf(len(l.Certificates) > 1, GatewayManyCerts, l.Source)
		for _, c := range l.Certificates {
			w.addIf(c.Namespace != u.Namespace, GatewayForeignCert, c.Source)
		}
	}
	w.addIf(u.ServiceType != "", GatewayServiceType, u.Source.At("spec.service.type"))
	w.addIf(len(u.ServiceAnnotations) > 0, GatewayAnnotations, u.Source.At("spec.service.annotations"))
	w.addIf(u.ExternalTrafficPolicy != "", GatewayTrafficPolicy, u.Source.At("spec.service.externalTrafficPolicy"))
	w.addIf(u.Replicas != nil, GatewayReplicas, u.Source.At("spec.replicas"))
}
