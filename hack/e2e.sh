#!/usr/bin/env bash
# make e2e: real engines and a real cluster. These tests carry the build tag e2e, so that `go test ./...` does not hold
# them at all, instead of skipping them unseen. What was left out is listed at the end.
set -euo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT
code=0
# Only the packages that have such tests: make test has run the others.
mapfile -t packages < <(grep -rl '^//go:build e2e' --include='*_test.go' test | xargs -n 1 dirname | sort -u | sed 's|^|./|')
go test -tags e2e -count=1 -v -p 1 -timeout 80m "${packages[@]}" 2>&1 | tee "$log" || code=$?

echo
echo "e2e: left out"
grep -hE '^\s*(NOT RUN|--- SKIP)' "$log" | sort -u || echo "  nothing"
exit "$code"
