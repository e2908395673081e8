#!/bin/bash
# `make bench`: postern beside sshd and the bare port on the same machine, in the
# same run, in turn. Prints its method; figures are medians. Root.
#
#   MIB=512 RUNS=5 LOGINS=60 SECONDS_EACH=5 BED='--nic af_packet' tests/bench/run.sh
set -u
cd "$(dirname "$0")/../.."
tools/deps.sh iproute2 ethtool openssh-client || exit 1
NAME=bench
. tests/interop/lib.sh
. tests/bench/sshd.sh
. tests/bench/measure.sh
MIB=${MIB:-512} RUNS=${RUNS:-5} LOGINS=${LOGINS:-60} SECONDS_EACH=${SECONDS_EACH:-5}
LIMIT=300
# shellcheck disable=SC2086
bed_up ${BED:-}
sshd_up

to_postern() { client ssh "${ssh_opts[@]}" -c "$cipher" "$SSH_USER@$HOST" "$@"; }
to_sshd() { client ssh "${ssh_opts[@]}" -c "$cipher" "$sshd_user@$sshd_address" "$@"; }
cipher=aes128-gcm@openssh.com
until_true 5 to_sshd true || { echo "sshd did not start"; exit 1; }

down() { "to_$1" "head -c $((MIB * 1048576)) /dev/zero" >/dev/null; }
up() { head -c $((MIB * 1048576)) /dev/zero | "to_$1" 'cat >/dev/null'; }

# one WHAT WHO: GB a second, and server CPU seconds per GB, of one run
one() {
	local c0 c1 t0 t1
	c0=$("cpu_$2") t0=$(now)
	"$1" "$2" || return 1
	t1=$(now) c1=$("cpu_$2")
	echo "$t0 $t1 $c0 $c1" | awk -v m="$MIB" '{ gb = m * 1048576 / 1e9; printf "%.3f %.3f\n", gb / ($2 - $1), ($4 - $3) / gb }'
}

bulk() { # cipher name in tables
	local what who i
	cipher=$1
	for what in down up; do
		$CTL --json workers >"$work/before"
		for i in $(seq "$RUNS"); do
			one $what postern >>"$work/$what.$2.postern"
			one $what sshd >>"$work/$what.$2.sshd"
		done
		for who in postern sshd; do
			printf '%-18s %-5s %-8s %6s GB/s  %6s server CPU s per GB\n' "$2" $what $who \
			    "$(awk '{ print $1 }' "$work/$what.$2.$who" | median)" "$(awk '{ print $2 }' "$work/$what.$2.$who" | median)"
		done
		$CTL --json workers >"$work/after"
		echo "  where the worker's cycles went:"
		tests/bench/stages.pl "$work/before" "$work/after"
	done
}

# A file there and back by the stock sftp, all of it in memory.
sftp_to_postern() { client sftp "${ssh_opts[@]}" -c "$cipher" "${sftp_opts[@]}" -b - "$SSH_USER@$HOST"; }
sftp_to_sshd() { client sftp "${ssh_opts[@]}" -c "$cipher" "${sftp_opts[@]}" -b - "$sshd_user@$sshd_address"; }
put() { "sftp_to_$1" <<<"put $shm/file $shm/$1/file" >/dev/null; }
get() { "sftp_to_$1" <<<"get $shm/$1/file $shm/back" >/dev/null; }

files() { # name in tables, options of sftp
	local what who i
	sftp_opts=("${@:2}")
	for what in put get; do
		for i in $(seq "$RUNS"); do
			for who in postern sshd; do one $what $who >>"$work/$what.$1.$who"; done
		done
		for who in postern sshd; do
			printf '%-18s %-5s %-8s %6s GB/s  %6s server CPU s per GB\n' "$1" $what $who \
			    "$(awk '{ print $1 }' "$work/$what.$1.$who" | median)" "$(awk '{ print $2 }' "$work/$what.$1.$who" | median)"
		done
	done
	cmp "$shm/file" "$shm/back"
}

all_files() {
	shm=$(mktemp -d /dev/shm/bench.XXXXXX)
	chmod 755 "$shm"
	mkdir "$shm/postern" "$shm/sshd"
	chown 64301 "$shm/postern"
	head -c $((MIB * 1048576)) /dev/urandom >"$shm/file"
	files default
	files "-B 32768 -R 64" -B 32768 -R 64
	rm -rf "$shm"
}

# Logins one after the other by the stock client, then as many as a small client
# of our own can make, by that many processes.
logins_in_turn() {
	local who c0 c1 t0
	for who in postern sshd; do
		c0=$("cpu_$who")
		for _ in $(seq "$LOGINS"); do
			t0=$(now)
			"to_$who" true
			echo "$t0 $(now)" | awk '{ print ($2 - $1) * 1000 }' >>"$work/login.$who"
		done
		c1=$("cpu_$who")
		printf 'one after the other %-8s %6.1f ms each, server CPU %.2f ms\n' $who "$(median <"$work/login.$who")" \
		    "$(echo "$c0 $c1 $LOGINS" | awk '{ print ($2 - $1) * 1000 / $3 }')"
	done
}

login_rate() { # clients
	local who c0 c1 at line
	for who in postern sshd; do
		if [ $who = postern ]; then at="$HOST $PORT $SSH_USER"; else at="$sshd_address 22 $sshd_user"; fi
		c0=$("cpu_$who")
		# shellcheck disable=SC2086
		line=$(client "${BIN:-build/bin}/tests/login-rate" $at "$SSH_KEY" "$1" "$SECONDS_EACH")
		c1=$("cpu_$who")
		echo "$line $c0 $c1 $SECONDS_EACH" | awk -v n="$1" -v who=$who '{
			printf "%2d clients at once  %-8s %7.1f logins/s, %d failed; CPU ms each: client %.2f, server %.2f\n", n, who, $2, $4, $6,
			    ($8 - $7) * 1000 / ($2 * $9 + 0.001) }'
	done
}

cat <<END
Method: Debian's ssh ($(ssh -V 2>&1 | cut -d, -f1)), a veth pair with every offload off on both ends
for each server, MTU 1500, port ${BED:-af_packet}, clients and servers on the same $(nproc) CPUs. Bulk: $MIB MiB of
zeros from or to a process on the server, $RUNS runs of each server in turn, medians; files: the same
amount, by sftp with aes128-gcm, from memory to memory, login included. Logins: $LOGINS
one after the other by ssh, then for $SECONDS_EACH s by processes of a small client that logs in with an Ed25519
key over curve25519-sha256, says goodbye and begins again. Server CPU is that of its whole process
tree, the user's processes included.
END
echo "== bulk"
bulk aes128-gcm@openssh.com aes128-gcm
bulk chacha20-poly1305@openssh.com chacha20-poly1305
echo "== files"
cipher=aes128-gcm@openssh.com
all_files
echo "== logins"
cipher=aes128-gcm@openssh.com
logins_in_turn
for n in 1 4 16; do login_rate $n; done
sshd_down
echo "== bare ports"
tests/bench/ports.sh "$SERVER_NETNS" "$NETNS"
exit 0
