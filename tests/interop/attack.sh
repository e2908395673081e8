#!/bin/bash
# What hostile peers send without a connection, and about a connection of somebody else:
# SYN floods, forged segments and ICMP errors, nonsense, ARP and neighbour discovery. A
# probe logs in, and a transfer that runs all the while arrives exactly.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/attacklib.sh"
if [ "${FORM:-}" = full ]; then count=1000000 seconds=30 isns=100000; else count=10000 seconds=4 isns=2000; fi
LIMIT=900
bed_up
attack_begin

# ---- SYN flood --------------------------------------------------------------------
free=$(meter pool_free)
flooded() {
	local rx tx cookies
	rx=$(meter rx_bytes) tx=$(meter tx_bytes) cookies=$(meter tcp_cookies_out)
	attack flood $seconds >"$work/flood" &
	local flood=$!
	under() { [ "$(meter tcp_cookies_out)" -gt $((cookies + 1000)) ]; }
	until_true 30 under || { echo "no cookies"; wait $flood; return 1; }
	probe || { echo "the probe did not log in"; wait $flood; return 1; }
	wait $flood || return 1
	cat "$work/flood"
	rx=$(($(meter rx_bytes) - rx)) tx=$(($(meter tx_bytes) - tx))
	echo "$rx bytes in, $tx bytes out, $(($(meter tcp_cookies_out) - cookies)) cookies"
	[ $((2 * tx)) -le $((3 * rx)) ]
}
check "a SYN flood of random sources: cookies, the probe logs in, bytes out at most 1.5 of those in" flooded
settled() { [ "$(limit tcp_half_open current)" -eq 0 ] && [ "$(meter conn_open)" -eq 0 ] && [ "$(meter pool_free)" -eq "$free" ] && calm; }
check "nothing of it is left" until_true 60 settled
check "no half-open connection beyond the limit" test "$(limit tcp_half_open high_water)" -le 1024

# ---- sequence numbers -------------------------------------------------------------
nmap_says() {
	client nmap -O -v -n -Pn -T5 --max-os-tries 1 -p "$PORT,$((PORT + 1))" "$HOST" >"$work/nmap" 2>&1
	grep 'TCP Sequence Prediction' "$work/nmap"
	grep -q 'TCP Sequence Prediction: .*Good luck!' "$work/nmap" && grep -q 'IP ID Sequence Generation: All zeros' "$work/nmap"
}
check "nmap: sequence numbers of its best class, no IP ID" nmap_says
isns() {
	attack isn $isns >"$work/isn" || return 1
	# By chance about one of 100000 random ones comes twice.
	local twice
	twice=$(sort "$work/isn" | uniq -d | wc -l)
	[ "$twice" -le $((isns / 12000)) ] || { echo "$twice numbers come twice"; return 1; }
	# The top bits of differences: none of 64 has more than its share and a half.
	perl -ne 'if (defined $p) { $n++; $c[(($_ - $p) & 0xffffffff) >> 26]++ } $p = $_;
	    END { my ($most) = sort { $b <=> $a } map { $_ // 0 } @c; my $fair = $n / 64;
	    printf "%d, most %d of %d\n", $n, $most, $fair; exit($most > 1.5 * $fair + 20) }' "$work/isn"
}
check "initial sequence numbers of neighbouring ports have nothing in common" isns

# ---- forged segments and errors ------------------------------------------------------
check "a transfer begins" transfer_start
# forged KIND REASON...: all of a kind; as many as half of them at least were met and
# refused for one of these reasons. A dataplane that has to wait for its processor loses
# what its ring does not hold: then it is sent again.
refused() {
	local n=0 r
	for r in "$@"; do n=$((n + $(drops "$r"))); done
	echo "$n"
}
forged() {
	local verb=$1 kind=$2 before
	shift 2
	before=$(refused "$@")
	met() { [ $(($(refused "$@") - before)) -ge $((count / 2)) ]; }
	for _ in 1 2 3 4 5; do
		attack "$verb" "$kind" $count "$port" || return 1
		until_true 5 met "$@" && break
	done
	met "$@" || { echo "only $(($(refused "$@") - before)) were met"; return 1; }
	transfer_goes_on
}
check "RST spread over the window" forged spoof rst TCP_RST_CHALLENGE
check "SYN" forged spoof syn TCP_SYN_CHALLENGE TCP_UNACCEPTABLE TCP_PAWS
check "SYN-ACK" forged spoof synack TCP_SYN_CHALLENGE TCP_UNACCEPTABLE TCP_PAWS
check "data with acknowledgements of nothing" forged spoof data TCP_BAD_ACK TCP_OLD_ACK
check "FIN with them" forged spoof fin TCP_BAD_ACK TCP_OLD_ACK
check "acknowledgements of nothing" forged spoof ack TCP_BAD_ACK TCP_OLD_ACK
check "data from before the window" forged spoof old TCP_DUP_DATA TCP_UNACCEPTABLE TCP_PAWS
check "acknowledgements of the future (optimistic)" forged spoof optimistic TCP_BAD_ACK
games() {
	attack spoof "$1" $count "$port" && transfer_goes_on
}
check "the last acknowledgement again and again" games dup
check "acknowledgements of single bytes" games split
check "ICMP, fragmentation needed at 68 bytes, about what is not in flight" forged icmp frag68 TCP_ICMP_STALE NET_ICMP_RATE
check "ICMP, port unreachable, about what is not in flight" forged icmp stray TCP_ICMP_STALE
errors() {
	attack icmp"${2:-}" "$1" $count "$port" && transfer_goes_on
}
for kind in hard proto denied; do
	check "ICMP about what is in flight: $kind is no end (RFC 5927)" errors $kind
done
check "source quench (RFC 6633)" errors quench
check "redirects" errors redirect

# ---- the side channel of CVE-2016-5696 ----------------------------------------------------
# Another session, which says something now and then and is never asked anything: each
# question that it gets from a stranger is answered, whatever the first is flooded with.
side_start() {
	LIMIT=${TRANSFER_LIMIT:-500} client ssh "${ssh_opts[@]}" "$SSH_USER@$HOST" \
	    'while [ ! -e quiet ]; do echo tick; sleep 0.1; done' >/dev/null &
	side=$!
	other() { side_port=$(transfer_ports | grep -vx "$port") && [ -n "$side_port" ]; }
	until_true 60 other && attack side 1 "$side_port" "$port"
}
side() {
	attack side 3 "$side_port" "$port" >"$work/side" || return 1
	cat "$work/side"
	grep -q '^calm 3 under 3 ' "$work/side" && transfer_goes_on
}
side_end() { touch "$(home)/quiet" && wait $side; }
check "a session beside the transfer begins" side_start
check "as many challenge acknowledgements for it, while the transfer is flooded" side
check "it ends in order" side_end

# ---- nonsense, and neighbours that are none ---------------------------------------------
wrong() {
	local before
	before=$(meter rx_packets)
	came() { [ $(($(meter rx_packets) - before)) -ge $((count / 2)) ]; }
	for _ in 1 2 3 4 5; do
		attack "$1" $count || return 1
		until_true 5 came && break
	done
	came && transfer_goes_on && probe
}
check "land, sources that nobody may have, lengths and options that lie" wrong junk
check "ARP: a flood, and others that claim the client's address" wrong arp
check "neighbour discovery: the same" wrong nd
over6() { LIMIT=100 client ssh "${ssh_opts[@]}" -o ConnectTimeout=90 "$SSH_USER@$HOST6" true; }
check "IPv6 goes on" over6
mss_kept() { client ss -Htni state established dst "$HOST" | grep -oq 'rcvmss:1448'; }
check "segments are as large as before" mss_kept
check "the transfer is exact, on its first connection" transfer_end

# ---- ICMPv6 about a transfer over IPv6 -----------------------------------------------------
OVER=$HOST6
check "a transfer over IPv6 begins" transfer_start
check "packet too big, 1280, about what is not in flight" forged icmp6 ptbstray TCP_ICMP_STALE NET_ICMP_RATE
check "about what is: 1280, where larger ones arrive (RFC 5927)" errors ptb1280 6
check "less than a link may have: 576, 0" forged icmp6 ptb576 TCP_TOO_BIG TCP_ICMP_STALE NET_ICMP_RATE
check "0" forged icmp6 ptb0 TCP_TOO_BIG TCP_ICMP_STALE NET_ICMP_RATE
check "port unreachable, about what is not in flight" forged icmp6 stray TCP_ICMP_STALE NET_ICMP_RATE
for kind in noroute denied port time header; do
	check "ICMPv6 about what is in flight: $kind is no end" errors $kind 6
done
mss6_kept() { client ss -Htni state established dst "$(over)" | grep -oq 'rcvmss:1428'; }
check "segments are as large as before" mss6_kept
check "the transfer is exact, on its first connection" transfer_end
check "nothing of it is left" until_true 100 settled
finish
