// Package v1alpha1 is the unified API of Meshloom: eight kinds that say what
// traffic in a cluster should do, in words that belong to no mesh and no
// ingress.
//
// Where Gateway API has a shape (matches, filters, backendRefs, parentRefs,
// timeouts, durations), the shape here has the same names and the same
// meaning. The types are our own copies; a test lists every difference.
//
// Absent optional fields keep the meaning that their doc comment states,
// whether or not an API server has filled in defaults: the same objects are
// read offline.
//
// +kubebuilder:object:generate=true
// +groupName=meshloom.io
package v1alpha1

//go:generate go tool -modfile=../../hack/tools/controller-gen/go.mod controller-gen object crd paths=. output:crd:dir=crds output:object:dir=.
//go:generate go tool -modfile=../../hack/tools/crd-ref-docs/go.mod crd-ref-docs --source-path=. --config=../../hack/tools/crd-ref-docs/config.yaml --renderer=markdown --log-level=ERROR --output-path=../../docs/reference/api.md
