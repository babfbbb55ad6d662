#!/bin/sh
# Builds the image of the daemon: with the first of docker, podman and buildah that
# answers, and with none of them by Go alone. `make image` calls it.
#
#   usage: test/image/build.sh NAME
#
# In the environment: VERSION, COMMIT, DATE and LDFLAGS of the daemon, and
# SOURCE_DATE_EPOCH, the time of every file in the image; as the Makefile sets them.
# ENGINE is docker, podman, buildah or none, to choose; PLATFORMS, without an engine
# only, is a list like "linux/amd64 linux/arm64"; OUT is the folder for what is
# written without an engine.
set -eu

name=$1
cd "$(dirname "$0")/../.."
: "${VERSION:=dev}" "${COMMIT:=}" "${DATE:=}" "${LDFLAGS:=-s -w}" "${SOURCE_DATE_EPOCH:=0}" "${OUT:=out}" "${GO:=go}" "${PLATFORMS:=}"
export SOURCE_DATE_EPOCH

say() { echo "make image: $*" >&2; }

# answers ENGINE: the program is there, and so is what it works with. docker and,
# on some systems, podman are clients of a service that may not be there.
answers() {
	command -v "$1" >/dev/null 2>&1 || return 1
	"$1" info >/dev/null 2>&1 && return 0
	say "$1 is installed and does not answer ($1 info says why): it is passed over"
	return 1
}

choose() {
	for engine in docker podman buildah; do
		if answers "$engine"; then
			echo "$engine"
			return
		fi
	done
	say "no engine answers: the image is made by Go alone"
	echo none
}

with_engine() {
	engine=$1
	shift
	set -x
	"$engine" build "$@" \
		--build-arg VERSION="$VERSION" --build-arg COMMIT="$COMMIT" --build-arg DATE="$DATE" \
		--build-arg SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" -t "$name" .
}

without_engine() {
	set -- -t "$name" -build-arg VERSION="$VERSION" -build-arg COMMIT="$COMMIT" -build-arg DATE="$DATE"
	out=$(mkdir -p "$OUT" && cd "$OUT" && pwd)
	if [ -z "$PLATFORMS" ]; then
		PLATFORMS=linux/$($GO env GOHOSTARCH)
		set -- "$@" -o "$out/hedged.tar"
	else
		set -- "$@" -layout "$out/hedged.oci"
	fi
	for platform in $PLATFORMS; do
		program=$out/image/$platform/hedged
		say "building hedged for $platform"
		CGO_ENABLED=0 GOOS=${platform%%/*} GOARCH=${platform##*/} \
			$GO build -trimpath -buildvcs=false -ldflags "$LDFLAGS" -o "$program" ./cmd/hedged
		set -- "$@" -program "$program"
	done
	$GO run -C test/image ./cmd/image -f ../../Dockerfile "$@"
	if [ -f "$out/hedged.tar" ]; then
		say "give it to an engine: docker load -i $OUT/hedged.tar, podman load -i …, ctr -n k8s.io images import …"
	fi
}

case ${ENGINE:=$(choose)} in
# The attestations that buildx adds tell the time of the build.
docker) BUILDX_NO_DEFAULT_ATTESTATIONS=1 with_engine docker ;;
# These do not read SOURCE_DATE_EPOCH, and would label the image with themselves.
podman | buildah) with_engine "$ENGINE" --timestamp "$SOURCE_DATE_EPOCH" --identity-label=false ;;
none) without_engine ;;
*)
	say "ENGINE=$ENGINE: docker, podman, buildah or none is expected"
	exit 2
	;;
esac
