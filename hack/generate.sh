#!/usr/bin/env bash
# make generate: writes every generated file anew.
set -euo pipefail
cd "$(dirname "$0")/.."

# Each generated file's directive stands in the package that it describes.
exec go generate ./...
