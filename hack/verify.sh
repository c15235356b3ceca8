#!/usr/bin/env bash
# make verify: what must hold of the tree beside its tests. Every check runs even if an earlier one fails; the list of
# those that failed is printed last.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly golangci=(go tool -modfile=hack/tools/golangci-lint/go.mod golangci-lint)
readonly beside=--allow-parallel-runners # another checkout on the machine may be verified at the same time
# kube-api-linter brings a golangci-lint of its own, with a configuration of its own, for the API only.
readonly apilint=(
	go tool -modfile=hack/tools/kube-api-linter/go.mod golangci-lint-kube-api-linter
	run "$beside" -c hack/tools/kube-api-linter/.golangci.yaml ./apis/...
)
# What `make generate` writes.
readonly generated=(':(glob)**/zz_generated.*' apis/v1alpha1/crds docs/reference install/chart/files)
# The packages in which goroutines share memory.
readonly concurrent=(
	./controllers ./controllers/mesh ./controllers/ingress ./controllers/traffic ./install/helm
	./internal/apply/... ./internal/reconciler/... ./internal/status/... ./test/load/...
)

failed=()

readonly left_out=77 # code of a check that could not be made here

# check NAME COMMAND... runs one check, prints how long it took and notes a failure.
check() {
	local name=$1 begin=$SECONDS word=ok code=0
	shift
	"$@" || code=$?
	if ((code == left_out)); then
		word="NOT RUN"
	elif ((code)); then
		word=FAILED
		failed+=("$name")
	fi
	printf 'verify: %-16s %4d s  %s\n' "$name" $((SECONDS - begin)) "$word"
}

# generated_files regenerates and fails if what is committed is not what comes out.
generated_files() {
	local changed
	hack/generate.sh
	changed=$(git status --porcelain -- "${generated[@]}")
	[[ -z $changed ]] && return
	git --no-pager diff --stat -- "${generated[@]}"
	printf 'generated files differ from what is committed (run make generate and commit):\n%s\n' "$changed"
	return 1
}

# vulnerabilities fails on a known vulnerability that our code calls. The database is a download: where it cannot be
# reached the check is printed as NOT RUN, because that says nothing about the code.
vulnerabilities() {
	local out code=0
	out=$(go tool -modfile=hack/tools/govulncheck/go.mod govulncheck -tags e2e ./... 2>&1) || code=$?
	if ((code)) && grep -q 'vuln\.go\.dev' <<<"$out" && ! grep -q '^Vulnerability #' <<<"$out"; then
		echo "NOT RUN: govulncheck: its database vuln.go.dev cannot be reached from here"
		return "$left_out"
	fi
	((code == 0)) || printf '%s\n' "$out"
	return "$code"
}

check generated generated_files
check format "${golangci[@]}" fmt --diff
check lint "${golangci[@]}" run "$beside"
check api-lint "${apilint[@]}"
check vet go vet -tags e2e ./...
check modules go mod tidy -diff
check architecture go test -count=1 ./internal/arch/...
check vulnerabilities vulnerabilities
check race env CGO_ENABLED=1 go test -race -timeout 20m "${concurrent[@]}"
# The other lives of the installer differ in what is decided, not in who does it at the same time.
check race-installer env CGO_ENABLED=1 go test -race -timeout 20m -run 'TestInstallsAndRemoves|TestUpgrades|TestGatewayLives' ./controllers/installer
check race-store env CGO_ENABLED=1 go test -race -run Concurrent ./translators/ir/resolve

if ((${#failed[@]})); then
	echo "verify: failed: ${failed[*]}"
	exit 1
fi
