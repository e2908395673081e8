#!/bin/bash
# `make bench`: postern beside sshd on the same machine, in the same run, in turn.
# Prints its method; figures are medians. Root.
#
#   MIB=512 RUNS=5 LOGINS=60 tests/bench/run.sh
set -u
cd "$(dirname "$0")/../.."
tools/deps.sh iproute2 ethtool openssh-client openssh-server || exit 1
NAME=bench
. tests/interop/lib.sh
MIB=${MIB:-512} RUNS=${RUNS:-5} LOGINS=${LOGINS:-60}
LIMIT=300
bed_up

# ---- the peer: sshd on a veth of its own between the same namespaces -----------
ip link add sk0 netns "$SERVER_NETNS" type veth peer name ck0 netns "$NETNS"
ip -n "$SERVER_NETNS" addr add 10.78.0.1/24 dev sk0
ip -n "$NETNS" addr add 10.78.0.2/24 dev ck0
ip -n "$SERVER_NETNS" link set sk0 up
ip -n "$NETNS" link set ck0 up
ip netns exec "$SERVER_NETNS" ethtool -K sk0 tx off tso off gso off gro off >/dev/null 2>&1
ip netns exec "$NETNS" ethtool -K ck0 tx off tso off gso off gro off >/dev/null 2>&1
sshd_dir=$work/sshd
mkdir -m 700 "$sshd_dir"
mkdir -p /run/sshd
ssh-keygen -q -t ed25519 -N '' -f "$sshd_dir/host"
cat >"$sshd_dir/config" <<END
Port 22
ListenAddress 10.78.0.1
HostKey $sshd_dir/host
AuthorizedKeysFile $SSH_KEY.pub
StrictModes no
UsePAM no
PermitRootLogin yes
PidFile none
MaxStartups 100
END
ip netns exec "$SERVER_NETNS" /usr/sbin/sshd -D -f "$sshd_dir/config" 2>/dev/null &
sshd_pid=$!
echo "10.78.0.1 $(cut -d' ' -f1,2 "$sshd_dir/host.pub")" >>"$KNOWN_HOSTS"

to_postern() { client ssh "${ssh_opts[@]}" -c aes128-gcm@openssh.com "$SSH_USER@$HOST" "$@"; }
to_sshd() { client ssh "${ssh_opts[@]}" -c aes128-gcm@openssh.com root@10.78.0.1 "$@"; }
until_true 5 to_sshd true || { echo "sshd did not start"; exit 1; }

# CPU seconds of a server so far: postern's processes, or sshd with its ended children.
ticks() { awk '{ sub(/^.*\) /, ""); t += $12 + $13 + with * ($14 + $15) } END { printf "%.2f", t / 100 }' with="$1" "${@:2}"; }
cpu_postern() {
	local p files=
	for p in $($PIDS_CMD); do files="$files /proc/$p/stat"; done
	# shellcheck disable=SC2086
	ticks 0 $files
}
cpu_sshd() { ticks 1 "/proc/$sshd_pid/stat"; }

median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
now() { date +%s.%N; }

down() { "to_$1" "head -c $((MIB * 1048576)) /dev/zero" >/dev/null; }
up() { head -c $((MIB * 1048576)) /dev/zero | "to_$1" 'cat >/dev/null'; }

# one WHAT WHO: seconds and server CPU seconds of one run
one() {
	local c0 c1 t0 t1
	c0=$("cpu_$2") t0=$(now)
	"$1" "$2" || return 1
	t1=$(now) c1=$("cpu_$2")
	echo "$t0 $t1 $c0 $c1" | awk -v m="$MIB" '{ gb = m * 1048576 / 1e9; printf "%.3f %.3f\n", gb / ($2 - $1), ($4 - $3) / gb }'
}

cat <<END
Method: Debian's ssh ($(ssh -V 2>&1 | cut -d, -f1)), aes128-gcm@openssh.com, veth with every offload off on
both ends, MTU 1500, client and server on the same $(nproc) CPUs. $MIB MiB of zeros from or to a
process on the server, $RUNS runs of each server in turn; logins one after the other. CPU is that of
all processes of the server (for postern the user's processes are not in it, for sshd they are).
END
for what in down up; do
	for i in $(seq "$RUNS"); do
		one $what postern >>"$work/$what.postern"
		one $what sshd >>"$work/$what.sshd"
	done
	for who in postern sshd; do
		printf '%-5s %-8s %6s GB/s  %6s server CPU s per GB\n' $what $who \
		    "$(awk '{ print $1 }' "$work/$what.$who" | median)" "$(awk '{ print $2 }' "$work/$what.$who" | median)"
	done
done
for who in postern sshd; do
	c0=$("cpu_$who")
	for i in $(seq "$LOGINS"); do
		t0=$(now)
		"to_$who" true
		echo "$t0 $(now)" | awk '{ print ($2 - $1) * 1000 }' >>"$work/login.$who"
	done
	c1=$("cpu_$who")
	printf 'login %-8s %6.1f ms each, of which the server used %.2f ms of CPU\n' $who "$(median <"$work/login.$who")" \
	    "$(echo "$c0 $c1 $LOGINS" | awk '{ print ($2 - $1) * 1000 / $3 }')"
done
kill $sshd_pid 2>/dev/null
ip -n "$NETNS" link del ck0 2>/dev/null
exit 0
