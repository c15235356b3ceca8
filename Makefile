# Every target is one or two lines; what is longer is a Go program or hack/*.sh.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# CGO is off for all that ships or runs, so that everything shares one build cache; the race detector alone needs it.
export CGO_ENABLED ?= 0
# Nothing is stamped with the commit: a tool built once is found in the build cache by every later commit.
export GOFLAGS ?= -buildvcs=false

GOLANGCI := go tool -modfile=hack/tools/golangci-lint/go.mod golangci-lint
APILINT := go tool -modfile=hack/tools/kube-api-linter/go.mod golangci-lint-kube-api-linter

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: packages ## Show the main job on a real cluster of its own: unified API in, counted requests out
	go run ./test/demo

.PHONY: test
test: ## Run every test that needs no cluster (builds etcd and kube-apiserver once)
	hack/test.sh

.PHONY: verify
verify: packages ## Check generated files, formatting, lint, vet, architecture, known vulnerabilities and data races
	hack/verify.sh

.PHONY: e2e
e2e: packages ## Run real engines and a real cluster, and count requests (prints NOT RUN for what was left out)
	hack/e2e.sh

.PHONY: bench
bench: ## Measure the numbers of docs/testing.md and print them beside those of a bare client
	go run ./test/bench

.PHONY: generate
generate: ## Write every generated file anew
	hack/generate.sh

.PHONY: fmt
fmt: ## Format all Go files
	$(GOLANGCI) fmt

.PHONY: lint
lint: ## Run the linters, and the API linter on apis/
	$(GOLANGCI) run
	$(APILINT) run -c hack/tools/kube-api-linter/.golangci.yaml ./apis/...

.PHONY: build
build: ## Build the operator and meshctl into bin/
	go build -trimpath -o bin/ ./cmd/...

.PHONY: image
image: ## Write the operator's image to bin/meshloom-operator.tar, without Docker (VERSION=1.2.3 stamps it)
	go run ./hack/image --version=$(VERSION)

.PHONY: manifests
manifests: ## Write what meshctl install would install to bin/meshloom.yaml, for kubectl apply (VERSION=1.2.3 stamps it)
	@mkdir -p bin
	go run -ldflags "-X github.com/meshloom/meshloom/internal/version.stamped=$(VERSION)" ./cmd/meshctl install --dry-run > bin/meshloom.yaml

.PHONY: run
run: ## Run the operator on this machine against the cluster that KUBECONFIG names
	go run ./cmd/operator --leader-elect=false

.PHONY: cluster
cluster: packages ## Start a real single-node Kubernetes of our own (stop it with: go run ./test/cluster down)
	go run ./test/cluster up

.PHONY: clean
clean: ## Remove what the other targets built in the tree
	rm -rf bin .work

# The Debian packages that a cluster and the race detector need; does nothing where they are there.
.PHONY: packages
packages:
	@hack/packages.sh
