#!/usr/bin/env bash
# make test: every test that needs no cluster and no root, in all modules of the tree that hold tests.
set -euo pipefail
cd "$(dirname "$0")/.."

# A real etcd and kube-apiserver for the tests of the API and the controllers: those of KUBEBUILDER_ASSETS, else built
# from Go modules once and kept outside the tree. Made here, so that no test's time limit holds their build.
KUBEBUILDER_ASSETS=$(go run ./test/binaries/cmd controlplane)
export KUBEBUILDER_ASSETS

go test -timeout 20m ./...
for module in test/*/go.mod; do
	[[ -e $module ]] || continue
	echo "module ${module%/go.mod}"
	(cd "${module%/go.mod}" && go test -timeout 20m ./...)
done

# Schemas that no Go module serves are looked for beside the tree. Without them the objects of those meshes are compared
# with golden files, evaluated and counted, but not checked against their definitions.
[[ -d ${MESHLOOM_CRDS:-../shared/crds} ]] ||
	echo "NOT RUN: checks against schemas that no Go module serves: there is no ${MESHLOOM_CRDS:-../shared/crds} (MESHLOOM_CRDS names the folder)"
