#!/bin/bash
# `make bench-sftp`: files by OpenSSH's sftp from and to postern and sshd's internal-sftp,
# in the same run, in turn. Prints its method; figures are medians. Root.
#
#   MIB=512 FILES=10000 SIZE=1024 RUNS=5 STORES='memory disk' BED='--nic af_packet' tests/bench/sftp.sh
set -u
cd "$(dirname "$0")/../.."
tools/deps.sh iproute2 ethtool openssh-client || exit 1
NAME=${NAME:-benchsftp}
. tests/interop/lib.sh
. tests/bench/sshd.sh
. tests/bench/measure.sh
MIB=${MIB:-512} FILES=${FILES:-10000} SIZE=${SIZE:-1024} RUNS=${RUNS:-5} STORES=${STORES:-memory disk}
LIMIT=600
cipher=aes128-gcm@openssh.com
# shellcheck disable=SC2086
bed_up ${BED:-}
sshd_up

sftp_postern() { client sftp "${ssh_opts[@]}" -c $cipher -b - "$SSH_USER@$HOST" >/dev/null; }
sftp_sshd() { client sftp "${ssh_opts[@]}" -c $cipher -b - "$sshd_user@$sshd_address" >/dev/null; }
until_true 5 sftp_sshd </dev/null || { echo "sshd did not start"; exit 1; }

# The client's side is in memory; the server's in memory or on a disk.
local=$(mktemp -d /dev/shm/sftp.XXXXXX)
mkdir "$local/many"
head -c $((MIB * 1048576)) /dev/urandom >"$local/large"
for i in $(seq "$FILES"); do echo "$i"; done | (cd "$local/many" && xargs -n 1 -P 2 sh -c 'head -c "$0" /dev/zero >"$1"' "$SIZE")
store_of() { # memory or disk: a directory for each server
	if [ "$1" = memory ]; then mktemp -d /dev/shm/sftp.XXXXXX; else mktemp -d /var/tmp/sftp.XXXXXX; fi
}

# Each leaves the servers as it found them, but for the file that the next one gets.
put_large() { "sftp_$1" <<<"put $local/large $store/$1/large"; }
get_large() { "sftp_$1" <<<"get $store/$1/large $local/back" && rm "$local/back"; }
put_many() { rm -rf "$store/$1/many" && "sftp_$1" <<<"put -R $local/many $store/$1/many"; }
get_many() { "sftp_$1" <<<"get -R $store/$1/many $local/back" && rm -r "$local/back"; }

# one WHAT WHO: seconds and server CPU seconds of one run
one() {
	local c0 t0 c1 t1
	c0=$("cpu_$2") t0=$(now)
	"$1" "$2" || { echo "$1 with $2 failed" >&2; return 1; }
	t1=$(now) c1=$("cpu_$2")
	echo "$t0 $t1 $c0 $c1" | awk '{ printf "%.3f %.3f\n", $2 - $1, $4 - $3 }'
}

line() { # WHAT WHO unit count
	local s c
	s=$(cut -d' ' -f1 "$work/$1.$2" | median) c=$(cut -d' ' -f2 "$work/$1.$2" | median)
	if [ "${1#*large}" != "$1" ]; then
		echo "$s $c $MIB" | awk -v what="$1" -v who="$2" -v on="$kind" '{ gb = $3 * 1048576 / 1e9
		    printf "%-7s %-10s %-8s %7.3f GB/s     %6.3f server CPU s per GB\n", on, what, who, gb / $1, $2 / gb }'
	else
		echo "$s $c $FILES" | awk -v what="$1" -v who="$2" -v on="$kind" '{
		    printf "%-7s %-10s %-8s %7.0f files/s  %6.3f server CPU ms each\n", on, what, who, $3 / $1, $2 * 1000 / $3 }'
	fi
}

cat <<END
Method: Debian's sftp ($(ssh -V 2>&1 | cut -d, -f1)), $cipher, a veth pair with every offload off on
both ends for each server, MTU 1500, port ${BED:-af_packet}, client and servers on the same $(nproc) CPUs. One file of
$MIB MiB, and $FILES files of $SIZE bytes (put -R, get -R: one after the other, as sftp does it), from and to
memory or a disk ($(stat -f -c %T /var/tmp), not synced); $RUNS runs of each server in turn, medians, login included.
Server CPU is that of its whole process tree.
END
for kind in $STORES; do
	store=$(store_of "$kind")
	chmod 755 "$store"
	mkdir "$store/postern" "$store/sshd"
	chown 64301 "$store/postern"
	rm -f "$work"/put_* "$work"/get_*
	for what in put_large get_large put_many get_many; do
		for _ in $(seq "$RUNS"); do
			for who in postern sshd; do one $what $who >>"$work/$what.$who"; done
		done
		for who in postern sshd; do line $what $who; done
	done
	rm -rf "$store"
done
rm -rf "$local"
sshd_down
