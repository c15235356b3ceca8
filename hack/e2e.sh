#!/usr/bin/env bash
# make e2e: real engines and a real cluster. These tests carry the build tag e2e, so that `go test ./...` does not hold
# them at all, instead of skipping them unseen. What was left out is listed at the end.
#
# The core always runs, first. Packages that say meshloom:beyond-the-core follow, those first that passed longest ago on
# this machine: the first ones left out are those that were seen last (E2E_UNTIL, in the packages).
set -euo pipefail
cd "$(dirname "$0")/.."

passed=${XDG_CACHE_HOME:-$HOME/.cache}/meshloom/passed
mkdir -p "$passed"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
code=0

# run PACKAGE... runs the tests that need engines in packages.
run() { go test -tags e2e -count=1 -v -p 1 -timeout 80m "$@" 2>&1 | tee -a "$log"; }

# note PACKAGE is the file whose time says when the package passed last, and when PACKAGE that time; 0 where it never did.
note() { echo "$passed/$(tr / - <<<"${1#./}")"; }
when() { stat -c %Y "$(note "$1")" 2>/dev/null || echo 0; }

# packages LINE prints the packages below test that have the line.
packages() { { grep -rl "^$1\$" --include='*.go' test || true; } | xargs -r -n 1 dirname | sort -u | sed 's|^|./|'; }

# Only the packages that have such tests: make test has run the others.
mapfile -t beyond < <(packages '//meshloom:beyond-the-core')
mapfile -t core < <(packages '//go:build e2e' | grep -vxF "$(printf '%s\n' "${beyond[@]}")")
run "${core[@]}" || code=$?

mapfile -t further < <(for package in "${beyond[@]}"; do echo "$(when "$package") $package"; done | sort -n | cut -d ' ' -f 2)
for package in "${further[@]}"; do
	if ! run "$package"; then
		code=1
	elif ! grep -q "^NOT RUN: ${package#./}" "$log"; then
		touch "$(note "$package")"
	fi
done

echo
echo "e2e: left out"
grep -hE '^\s*(NOT RUN|--- SKIP)' "$log" | sort -u || echo "  nothing"
exit "$code"
