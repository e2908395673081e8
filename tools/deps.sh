#!/bin/sh
# Installs the Debian packages named on the command line that are missing. Whoever else
# does so at the same time waits.
set -eu
missing() {
	for p in "$@"; do
		dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || printf ' %s' "$p"
	done
}
[ -n "$(missing "$@")" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
	echo "missing packages:$(missing "$@")" >&2
	echo "run this as root, or: apt-get install$(missing "$@")" >&2
	exit 1
fi
exec 8>/run/lock/postern-deps.lock
flock 8
needed=$(missing "$@")
[ -n "$needed" ] || exit 0
echo "installing:$needed"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq 8>&-
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 $needed >/dev/null 8>&-
