package controllers

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/translators/ir/resolve"
)

// inputs are the kinds of which the store holds every object: all of them, but
// for Secrets where none may be read.
func (o Options) inputs() []client.Object {
	if o.CertificateNamespaces == nil || len(o.CertificateNamespaces) > 0 {
		return inputs
	}
	return slices.DeleteFunc(slices.Clone(inputs), func(obj client.Object) bool {
		_, secret := obj.(*corev1.Secret)
		return secret
	})
}

// secrets says which Secrets an informer keeps.
func (o Options) secrets() ctrlcache.ByObject {
	only := ctrlcache.ByObject{Field: fields.OneTermEqualSelector("type", string(corev1.SecretTypeTLS))}
	for _, namespace := range o.CertificateNamespaces {
		if only.Namespaces == nil {
			only.Namespaces = map[string]ctrlcache.Config{}
		}
		only.Namespaces[namespace] = ctrlcache.Config{}
	}
	return only
}

// store are the options of the store that the watches fill.
func (o Options) store() resolve.Options {
	out := engine.StoreOptions(o.Providers)
	if o.CertificateNamespaces != nil {
		out.Unread = func(namespace string) bool { return !slices.Contains(o.CertificateNamespaces, namespace) }
	}
	return out
}
