package ir

// AccessUnit is a group of Services whose pods overlap, with the AccessPolicies
// that target them.
type AccessUnit struct {
	Mesh      Mesh   `json:"mesh"`
	Namespace string `json:"namespace"`
	// Default decides where no policy speaks of the workload; empty leaves it
	// to the mesh.
	Default AccessDefault `json:"default,omitempty"`
	// Strict is true where the mesh refuses plaintext, whatever the rules admit:
	// then Anyone is every caller with an identity. For meshes whose rules would
	// open what their mTLS mode closes.
	Strict bool `json:"strict,omitempty"`
	// MTLS is empty where the Mesh leaves it alone. This and Gateways are there
	// only where the provider needs RateLimit.
	MTLS MTLSMode `json:"mtls,omitempty"`
	// Gateways is true where pods of the group are the proxies of IngressGateways,
	// which defaults never concern.
	Gateways bool `json:"gateways,omitempty"`
	// Targets by Service name.
	Targets []AccessTarget `json:"targets"`
	// Others are the Services of the group that no AccessPolicy targets, by name:
	// pods that Targets govern are reached by them too. They have no Rules. This,
	// Fronts and Routed are there only where the provider needs Reach.
	Others []AccessTarget `json:"others,omitempty"`
	// Fronts are the Services outside of the group whose TrafficSplits send
	// requests, or copies of them, to pods of the group, by name.
	Fronts []Front `json:"fronts,omitempty"`
	// NamespaceRules are those of the namespace's untargeted policies, which
	// select these workloads too: they are emitted by the namespace unit and
	// are here for providers that must merge.
	NamespaceRules *AccessRules `json:"namespaceRules,omitempty"`
	// Callers are the Services of members whose pods run under an identity, or
	// in a namespace, that a policy of Targets or NamespaceRules names, by name,
	// also where its rules are left out; only where the provider needs Callers.
	Callers []CallerService `json:"callers,omitempty"`
}

// CallerService is a Service whose pods may be callers.
type CallerService struct {
	ServiceName
	// Workloads that the Service selects.
	Workloads []Workload `json:"workloads,omitempty"`
	// Namesakes as those of Service.
	Namesakes []string `json:"namesakes,omitempty"`
}

// AccessTarget is one targeted Service: the policy governs every connection to
// the pods it selects, by any address and port.
type AccessTarget struct {
	Service Service `json:"service"`
	// Workloads that the Service selects.
	Workloads []Workload `json:"workloads,omitempty"`
	// Routed are those that it does not select, and that its TrafficSplits send
	// requests, or copies of them, to; without those that AccessPolicies of
	// another unit target, of which it is one of the Fronts.
	Routed []Workload  `json:"routed,omitempty"`
	Rules  AccessRules `json:"rules"`
	// RateLimit is the one in the Destination of the Service's own unit; only where
	// the provider needs RateLimit. A Service that nothing but a TrafficPolicy with
	// one speaks of is a target with empty Rules, also where that limit is left out.
	RateLimit *RateLimit `json:"rateLimit,omitempty"`
}

// Front is a Service by which pods of others are reached. For meshes that ask
// the policies of the Service that was dialled, not of the pods.
type Front struct {
	Service string `json:"service"`
	// Workloads of the unit's that its TrafficSplits send requests to.
	Workloads []Workload `json:"workloads,omitempty"`
}

// AccessRules is the sum of all AccessPolicies with one target. A request is
// denied where a rule of Deny matches; else admitted where a rule of Allow
// matches; else denied where AllowSelected; else the default decides. Policies
// of every target that a workload belongs to add up in the same way.
type AccessRules struct {
	Deny  []AccessRule `json:"deny,omitempty"`
	Allow []AccessRule `json:"allow,omitempty"`
	// AllowSelected is true where any Allow policy, even one without rules or
	// one that could not be expressed, selects the target.
	AllowSelected bool `json:"allowSelected,omitempty"`
	// DenyAll closes the target: a Deny that could not be resolved.
	DenyAll bool `json:"denyAll,omitempty"`
	// Policies are the objects that were summed up, by name.
	Policies []Source `json:"policies,omitempty"`
}

// AccessRule matches a request if any of From matches the caller and, where To
// is not empty, any of To matches the request.
type AccessRule struct {
	From   []Caller    `json:"from"`
	To     []Operation `json:"to,omitempty"`
	Source Source      `json:"source"`
}

// Caller matches callers. All that is set must hold.
type Caller struct {
	// Anyone matches every caller, with or without an identity.
	Anyone bool `json:"anyone,omitempty"`
	// Member matches every caller with an identity of this mesh.
	Member bool `json:"member,omitempty"`
	// Unidentified, in Deny only, lets callers without an identity match too.
	Unidentified bool `json:"unidentified,omitempty"`
	// Identities: the caller's is one of them. Nil says nothing; empty matches
	// nobody.
	Identities []Identity `json:"identities,omitzero"`
	// Namespaces: the caller's identity is of one of them. Nil says nothing.
	Namespaces []string `json:"namespaces,omitempty"`
	Source     Source   `json:"source"`
}

// Operation matches requests. All that is set must hold; values of one field
// are alternatives. On ports that are not HTTP a rule with methods or paths
// matches nothing in Allow and every request in Deny.
type Operation struct {
	Methods []string    `json:"methods,omitempty"`
	Paths   []PathMatch `json:"paths,omitempty"`
	// Ports are container ports, resolved from the Service ports that the user
	// named.
	Ports  []int32 `json:"ports,omitempty"`
	Source Source  `json:"source"`
}
