#!/bin/sh
# Makes sure that there is a C compiler, which Go's race detector needs.
# Installs one where that takes no question (Debian and its kin, as root), and
# otherwise says what to install.
set -eu

cc=$(go env CC)
found() { command -v "${cc%% *}" >/dev/null 2>&1; }

if found; then
	exit 0
fi
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
	echo "no C compiler ($cc): installing gcc and libc6-dev for the race detector" >&2
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq </dev/null >&2 || true # the lists at hand may do
	apt-get install -y -qq --no-install-recommends gcc libc6-dev </dev/null >&2 || true
	if found; then
		exit 0
	fi
fi
cat >&2 <<EOF
The race detector (go test -race) needs a C compiler, and "$cc" was not found.
Install one, then run make again:
  Debian, Ubuntu   apt-get install gcc libc6-dev
  Fedora           dnf install gcc glibc-devel
  Alpine           apk add gcc musl-dev
  macOS            xcode-select --install
EOF
exit 1
