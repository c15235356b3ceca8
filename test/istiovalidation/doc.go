// Package istiovalidation puts what Meshloom makes for Istio before Istio's
// own judges: the validation that its webhook runs, and the analyzers of
// istioctl analyze. It is a module of its own so that Istio's requirements
// reach neither the product nor its other tests; of the product it reads
// manifests only.
package istiovalidation
