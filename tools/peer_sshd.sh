#!/bin/sh
# An OpenSSH server for tests and benchmarks to compare with, which leaves the machine as
# it is: installing the package would start one. Root.
#
#   peer_sshd.sh get DIR                prints its path: the installed one, or the package's,
#                                       unpacked in DIR; libraries that it needs are installed
#   peer_sshd.sh run SSHD OPTION...     becomes it, in a mount namespace (`ip netns exec` makes
#                                       one) in which its user and its directory are there
set -eu
user=sshd run=/run/sshd

unpack() { # directory
	fresh=$(mktemp -d "$1.XXXXXX")
	trap 'rm -rf "$fresh"' EXIT
	(cd "$fresh" && { apt-get download -qq openssh-server || { apt-get update -qq && apt-get download -qq openssh-server; }; }) >&2
	# shellcheck disable=SC2046
	"$(dirname "$0")/deps.sh" $(dpkg-deb -f "$fresh"/openssh-server_*.deb Depends | tr , '\n' |
	    sed -n 's/^ *\(lib[a-z0-9.+-]*\|zlib1g\).*/\1/p') >&2
	dpkg-deb -x "$fresh"/openssh-server_*.deb "$fresh/root"
	rm -rf "$1"
	mv "$fresh/root" "$1"
}

case ${1:-} in
get)
	[ -n "${PEER_SSHD_UNPACKED:-}" ] || [ ! -x /usr/sbin/sshd ] || { echo /usr/sbin/sshd; exit 0; }
	dir=$(realpath -m "$2")
	mkdir -p "$(dirname "$dir")"
	exec 9>"$dir.lock" # whoever asks at the same time waits
	flock 9
	[ -x "$dir/usr/sbin/sshd" ] || unpack "$dir"
	echo "$dir/usr/sbin/sshd"
	;;
run)
	shift
	sshd=$1
	shift
	[ "$(readlink /proc/self/ns/mnt)" != "$(readlink /proc/1/ns/mnt)" ] || { echo "not in a mount namespace" >&2; exit 1; }
	if ! getent passwd $user >/dev/null; then
		passwd=$(mktemp)
		{ cat /etc/passwd; echo "$user:x:65534:65534::$run:/usr/sbin/nologin"; } >"$passwd"
		chmod 644 "$passwd"
		mount --bind "$passwd" /etc/passwd
		rm "$passwd"
	fi
	if [ ! -d $run ]; then
		mount -t tmpfs -o mode=755 none /run
		mkdir -m 755 $run
	fi
	# From 9.8 on it is several programs.
	lib=${sshd%/usr/sbin/sshd}/usr/lib/openssh
	[ ! -x "$lib/sshd-session" ] || set -- "$@" -o "SshdSessionPath $lib/sshd-session"
	[ ! -x "$lib/sshd-auth" ] || set -- "$@" -o "SshdAuthPath $lib/sshd-auth"
	exec "$sshd" "$@"
	;;
*)
	echo "usage: $0 get DIR | run SSHD OPTION..." >&2
	exit 2
	;;
esac
