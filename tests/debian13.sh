#!/bin/bash
# Builds and runs `make check` in a Debian 13 chroot made by debootstrap from
# the machine's own mirror. The chroot is kept below build/ for the next run.
set -eu
cd "$(dirname "$0")/.."
build=$(realpath "${BUILD:-build}")
root=$build/debian13
here=$(pwd)

mirror() {
	cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -v security |
	    awk '/^(deb|URIs:)/ { for (i = 1; i <= NF; i++) if ($i ~ /^https?:/) { print $i; exit } }'
}

leave() {
	umount "$root/src" "$root/proc" "$root/dev/pts" "$root/dev" 2>/dev/null || true
}

packages=$(make -s print-DEPS | tr ' ' '\n' | grep -vE '^(debootstrap|sudo|expect|iproute2|ethtool|iputils-ping|abigail-tools)$' | tr '\n' ' ')
if [ ! -e "$root/.ready" ]; then
	rm -rf "$root"
	debootstrap --variant=minbase trixie "$root" "$(mirror)" >"$build/debian13.log" 2>&1 ||
	    { tail -n 20 "$build/debian13.log"; exit 1; }
	cp /etc/apt/apt.conf.d/*proxy* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
	cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
	mount --bind /dev "$root/dev"
	trap leave EXIT
	DEBIAN_FRONTEND=noninteractive chroot "$root" sh -c \
	    "apt-get update -qq && apt-get install -y -qq --no-install-recommends $packages openssh-client" \
	    >>"$build/debian13.log" 2>&1 || { tail -n 20 "$build/debian13.log"; exit 1; }
	umount "$root/dev"
	touch "$root/.ready"
fi
mkdir -p "$root/src"
trap leave EXIT
mount --bind "$here" "$root/src"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
mount --bind /dev/pts "$root/dev/pts"
chroot "$root" sh -c "cd /src && make --no-print-directory -j$(nproc) BUILD=/build build units && make --no-print-directory BUILD=/build check"
