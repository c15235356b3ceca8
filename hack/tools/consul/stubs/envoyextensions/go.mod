// A stand-in for a module that is not served: see ../../go.mod.
module github.com/hashicorp/consul/envoyextensions

go 1.25

require (
	github.com/envoyproxy/go-control-plane/envoy v1.32.4
	github.com/hashicorp/consul/api v1.33.0
	github.com/hashicorp/go-hclog v1.6.3
	github.com/hashicorp/go-version v1.6.0
	google.golang.org/protobuf v1.36.6
)
