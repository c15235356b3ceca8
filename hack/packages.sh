#!/usr/bin/env bash
# Makes sure that what the targets run is on this machine. As root on Debian or Ubuntu it installs what is missing;
# elsewhere it names it and fails, so that nothing breaks half way with a riddle.
set -euo pipefail

# command:package. The commands decide: a package of another name is as good.
needs=(
	make:make git:git gcc:gcc unzip:unzip openssl:openssl curl:curl
	containerd:containerd runc:runc iptables:iptables ip:iproute2
	busybox:busybox-static newuidmap:uidmap unshare:util-linux /etc/ssl/certs/ca-certificates.crt:ca-certificates
	/usr/lib/cni/bridge:containernetworking-plugins
	/usr/include/stdio.h:libc6-dev
)
# Where Debian keeps commands that an ordinary user's PATH leaves out.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

if ! command -v go >/dev/null; then
	echo "packages: Go is missing: install Go $(awk '$1 == "go" {print $2}' "$(dirname "$0")/../go.mod") or newer from https://go.dev/dl" >&2
	exit 1
fi

missing=()
for need in "${needs[@]}"; do
	probe=${need%:*}
	[[ -e $probe ]] || command -v "$probe" >/dev/null || missing+=("${need##*:}")
done
((${#missing[@]})) || exit 0

if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
	echo "packages: missing: ${missing[*]}" >&2
	echo "packages: on Debian or Ubuntu: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
	exit 1
fi
echo "packages: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
