package checkup

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Tool is what installs things in a cluster.
type Tool string

// The tools.
const (
	Helm Tool = "Helm"
	Argo Tool = "Argo CD"
	Flux Tool = "Flux"
	// Hand is whatever leaves no trace of its own, such as kubectl.
	Hand Tool = "plain manifests"
)

// Owner is who installed an object.
type Owner struct {
	Tool Tool
	// Name is that of the release, application or kustomization.
	Name, Namespace string
}

// String names the owner for people.
func (o Owner) String() string {
	switch {
	case o.Name == "":
		return string(o.Tool)
	case o.Namespace == "":
		return string(o.Tool) + " " + o.Name
	}
	return string(o.Tool) + " " + o.Namespace + "/" + o.Name
}

// OwnerOf reads off an object which tool installed it, by the marks that each
// of them leaves. What GitOps tools install through Helm is theirs.
func OwnerOf(obj metav1.Object) Owner {
	labels, annotations := obj.GetLabels(), obj.GetAnnotations()
	switch {
	case annotations["argocd.argoproj.io/tracking-id"] != "":
		name := annotations["argocd.argoproj.io/tracking-id"]
		for i := range name {
			if name[i] == ':' {
				name = name[:i]
				break
			}
		}
		return Owner{Tool: Argo, Name: name}
	case labels["argocd.argoproj.io/instance"] != "":
		return Owner{Tool: Argo, Name: labels["argocd.argoproj.io/instance"]}
	case labels["helm.toolkit.fluxcd.io/name"] != "":
		return Owner{Flux, labels["helm.toolkit.fluxcd.io/name"], labels["helm.toolkit.fluxcd.io/namespace"]}
	case labels["kustomize.toolkit.fluxcd.io/name"] != "":
		return Owner{Flux, labels["kustomize.toolkit.fluxcd.io/name"], labels["kustomize.toolkit.fluxcd.io/namespace"]}
	case annotations["meta.helm.sh/release-name"] != "":
		return Owner{Helm, annotations["meta.helm.sh/release-name"], annotations["meta.helm.sh/release-namespace"]}
	}
	return Owner{Tool: Hand}
}
