#!/bin/bash
# The bare port, without TCP or SSH: frames a second each way through every driver,
# and what they cost. Prints its method; figures are medians. Root.
#
#   tests/bench/ports.sh [SERVER_NETNS CLIENT_NETNS]
#   SECONDS_EACH=1 RUNS=3 NICS='af_packet af_xdp tap memif ring' SIZES='1514 60'
#
# Between two namespaces that are there already, on a veth of its own; without
# them it makes both.
set -u
cd "$(dirname "$0")/../.."
rate=${BIN:-build/bin}/tests/port-rate
each=${SECONDS_EACH:-1} runs=${RUNS:-3} sizes=${SIZES:-1514 60}
nics=${NICS:-af_packet af_xdp tap memif ring}
[ -x "$rate" ] || { echo "no $rate: run make tests first" >&2; exit 1; }
work=$(mktemp -d)
if [ $# -eq 2 ]; then
	here_ns=$1 there_ns=$2 own=
else
	here_ns=pst-ports-s there_ns=pst-ports-c own=1
	ip netns add $here_ns || exit 1
	ip netns add $there_ns || exit 1
fi

cleanup() {
	ip -n "$there_ns" link del rc0 2>/dev/null
	[ -n "$own" ] && ip netns del $here_ns && ip netns del $there_ns
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

ip link add rp0 netns "$here_ns" type veth peer name rc0 netns "$there_ns" || exit 1
for end in "$here_ns rp0" "$there_ns rc0"; do
	# shellcheck disable=SC2086
	set -- $end
	ip netns exec "$1" sysctl -qw "net.ipv6.conf.$2.disable_ipv6=1"
	ip netns exec "$1" ethtool -K "$2" tx off tso off gso off gro off >/dev/null 2>&1
	ip -n "$1" link set "$2" up
done
pages=
[ "$(awk '/HugePages_Free/ { print $2 }' /proc/meminfo)" -ge 64 ] || pages=--no-huge

here() { ip netns exec "$here_ns" timeout -k 1 30 "$rate" "$@" $pages 2>>"$work/err"; }
there() { ip netns exec "$there_ns" timeout -k 1 30 "$rate" "$@" 2>>"$work/err"; }

# one DRIVER tx|rx SIZE: the line of port-rate
one() {
	local sock=$work/memif.sock
	case $1.$2 in
	af_packet.tx | af_xdp.tx) here tx "$1:rp0" "$each" "$3" ;;
	af_packet.rx | af_xdp.rx)
		ip netns exec "$there_ns" timeout 30 "$rate" feed rc0 30 "$3" >/dev/null 2>>"$work/err" &
		here rx "$1:rp0" "$each"
		kill $!
		wait
		;;
	tap.tx) here tx tap:rtap0 "$each" "$3" ;;
	tap.rx)
		here rx tap:rtap0 "$each" >"$work/tap" &
		until ip -n "$here_ns" link show rtap0 up 2>/dev/null | grep -q LOWER_UP; do sleep 0.02; done
		ip netns exec "$here_ns" timeout 30 "$rate" feed rtap0 30 "$3" >/dev/null 2>>"$work/err"
		wait
		cat "$work/tap"
		;;
	memif.rx)
		here rx "memif:$sock" "$each" >"$work/memif" &
		until [ -S "$sock" ]; do sleep 0.02; done
		sleep 0.2
		there tx "memif:$sock,role=client" $((each + 2)) "$3" --no-huge >/dev/null
		wait
		cat "$work/memif"
		;;
	ring.tx) here loop ring:a "$each" "$3" ;;
	*) return 1 ;;
	esac
}

median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

cat <<END
Method: one thread on one of $(nproc) CPUs, $runs runs of $each s each, medians. tx: frames as fast as the
driver takes them, to an address that nobody has; rx: from a sender that is faster, sleeping when
there is none. af_packet and af_xdp on a veth with every offload off on both ends, the kernel as
sender; tap: the kernel at its other end; memif: another process of ours; ring: sent and taken back
by the same thread. CPU is that of the thread. Megabytes are those of frames.
END
for nic in $nics; do
	for way in tx rx; do
		for size in $sizes; do
			: >"$work/lines"
			for _ in $(seq "$runs"); do one "$nic" $way "$size" >>"$work/lines"; done
			[ -s "$work/lines" ] || continue
			awk '{ printf "%.4f %.4f %.4f %.1f\n", $1 / $3 / 1e6, $8 / $3, $5 / ($8 + 1e-9), $5 * 1e9 / ($1 + 1e-9) }' "$work/lines" >"$work/figures"
			printf '%-9s %s %4d B  %7.3f M frames/s  %7.3f GB/s  %6.3f CPU s per GB  %5.0f ns per frame\n' $nic \
			    $([ $nic = ring ] && echo both || echo "$way  ") "$size" \
			    "$(cut -d' ' -f1 "$work/figures" | median)" "$(cut -d' ' -f2 "$work/figures" | median)" \
			    "$(cut -d' ' -f3 "$work/figures" | median)" "$(cut -d' ' -f4 "$work/figures" | median)"
		done
	done
done
exit 0
