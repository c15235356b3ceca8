package node

// component is a program that the node keeps running.
type component struct {
	name string
	path string
	args []string
}

const etcdURL = "http://127.0.0.1:2379"

// etcd, containerd and apiServer start first: they need no other component
// than those before them.
func (l Layout) etcd() component {
	return component{name: "etcd", path: l.Binary("etcd"), args: []string{
		"--data-dir=/var/lib/etcd",
		"--listen-client-urls=" + etcdURL,
		"--advertise-client-urls=" + etcdURL,
		"--listen-peer-urls=http://127.0.0.1:2380",
		// The cluster does not outlive the machine.
		"--unsafe-no-fsync",
	}}
}

func (l Layout) containerd() component {
	return component{name: "containerd", path: "containerd", args: []string{"--config", l.conf("containerd.toml")}}
}

func (l Layout) apiServer() component {
	const issuer = "https://kubernetes.default.svc.cluster.local"
	return component{name: "kube-apiserver", path: l.Binary("kube-apiserver"), args: []string{
		"--etcd-servers=" + etcdURL,
		"--bind-address=0.0.0.0",
		"--advertise-address=" + IP,
		"--secure-port=" + apiPort,
		"--tls-cert-file=" + l.pki("apiserver.crt"),
		"--tls-private-key-file=" + l.pki("apiserver.key"),
		"--client-ca-file=" + l.pki("ca.crt"),
		"--kubelet-client-certificate=" + l.pki("apiserver-kubelet-client.crt"),
		"--kubelet-client-key=" + l.pki("apiserver-kubelet-client.key"),
		"--kubelet-preferred-address-types=InternalIP",
		"--service-account-key-file=" + l.pki("sa.pub"),
		"--service-account-signing-key-file=" + l.pki("sa.key"),
		"--service-account-issuer=" + issuer,
		// The second is what sidecars ask their tokens for.
		"--api-audiences=" + issuer + ",istio-ca",
		"--service-cluster-ip-range=" + serviceCIDR,
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--allow-privileged=true",
		"--audit-policy-file=" + l.conf("audit.yaml"),
		"--audit-log-path=" + l.Audit(),
	}}
}

// clients are the components that need the API server.
func (l Layout) clients() []component {
	return []component{
		{name: "kube-controller-manager", path: l.Binary("kube-controller-manager"), args: []string{
			"--kubeconfig=" + l.kubeconfig("controller-manager"),
			"--leader-elect=false",
			"--use-service-account-credentials",
			"--service-account-private-key-file=" + l.pki("sa.key"),
			"--root-ca-file=" + l.pki("ca.crt"),
			"--cluster-cidr=" + podCIDR,
			"--allocate-node-cidrs=false",
			"--service-cluster-ip-range=" + serviceCIDR,
			"--cluster-signing-cert-file=" + l.pki("ca.crt"),
			"--cluster-signing-key-file=" + l.pki("ca.key"),
		}},
		{name: "kube-scheduler", path: l.Binary("kube-scheduler"), args: []string{
			"--kubeconfig=" + l.kubeconfig("scheduler"),
			"--leader-elect=false",
		}},
		{name: "kubelet", path: l.Binary("kubelet"), args: []string{
			"--config=" + l.conf("kubelet.yaml"),
			"--kubeconfig=" + l.kubeconfig("kubelet"),
			"--hostname-override=" + Name,
			"--node-ip=" + IP,
			"--root-dir=/var/lib/kubelet",
		}},
		{name: "kube-proxy", path: l.Binary("kube-proxy"), args: []string{"--config=" + l.conf("proxy.yaml")}},
	}
}
