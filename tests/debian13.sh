#!/bin/bash
# Builds and runs `make check` in a Debian 13 chroot made by debootstrap from
# the machine's own mirror. The chroot is kept below build/ for the next run.
set -eu
cd "$(dirname "$0")/.."
# Mounts of its own: they end with it, however it ends. One of /dev that stayed below
# build/ would take the machine's own with it when that folder is removed.
[ "${1:-}" = inside ] || exec unshare -m --propagation private tests/debian13.sh inside
build=$(realpath "${BUILD:-build}")
root=$build/debian13
here=$(pwd)

. tests/chroot13.sh
chroot13_make
mkdir -p "$root/src"
mount --bind "$here" "$root/src"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys" # where DPDK looks for processors
mount --bind /dev "$root/dev"
mount --bind /dev/pts "$root/dev/pts"
chroot "$root" sh -c "cd /src && make --no-print-directory -j$(nproc) BUILD=/build build units && make --no-print-directory BUILD=/build check"
