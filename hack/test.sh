#!/usr/bin/env bash
# make test: every test that needs no cluster and no root, in all modules of the tree that hold tests.
set -euo pipefail
cd "$(dirname "$0")/.."

# A real etcd and kube-apiserver for the controllers' and the API's tests: those of KUBEBUILDER_ASSETS, else built from
# Go modules once and kept outside the tree by the content of their module.
if [[ -z ${KUBEBUILDER_ASSETS:-} ]]; then
	KUBEBUILDER_ASSETS=$(go run ./test/binaries etcd kube-apiserver)
	export KUBEBUILDER_ASSETS
fi

go test ./...
for module in test/*/go.mod; do
	[[ -e $module ]] || continue
	echo "module ${module%/go.mod}"
	(cd "${module%/go.mod}" && go test ./...)
done
