#!/bin/bash
# Every port driver that the testbed has, in short: a login, a program's status,
# bulk both ways, an impaired wire, idling, what the dataplane may do, one that was
# killed; with huge pages and one worker, without and two. af_packet is what all other scripts run on.
. "$(dirname "$0")/lib.sh"
mib=64 seconds=3 most=3.00

# What a driver needs of the kernel: asked of the kernel itself.
kernel_has() { # DRIVER
	case $1 in
	af_xdp) perl -MSocket -e 'socket(my $s, 44, SOCK_RAW, 0) or exit($!{EAFNOSUPPORT} ? 1 : 0)' ;;
	tap) perl -e 'open(my $f, "+<", "/dev/net/tun") or exit($!{ENODEV} || $!{ENOENT} ? 1 : 0)' ;;
	*) true ;;
	esac
}

zeros() { head -c $((mib * 1048576)) /dev/zero; }
both_ways() {
	local want got
	want=$(zeros | sha256sum)
	got=$(zeros | ssh_to sha256sum) || return 1
	[ "$got" = "$want" ] || { echo "up: $got"; return 1; }
	got=$(ssh_to "head -c $((mib * 1048576)) /dev/zero" | sha256sum) || return 1
	[ "$got" = "$want" ] || { echo "down: $got"; return 1; }
}
files() { # 16 MiB by sftp and back
	head -c 16777216 /dev/urandom >"$work/file"
	printf '%s\n' "put $work/file files/file" "get files/file $work/back" |
	    client sftp "${ssh_opts[@]}" -b - "$SSH_USER@$HOST" && cmp "$work/file" "$work/back"
}
noise() { perl -e 'srand(7); print pack("N*", map { int(rand(4294967296)) } 1 .. 16384) for 1 .. 64' ; }
# Descriptors that the kernel refused, of every XDP socket that the dataplane has.
# shellcheck disable=SC2016
xdp_refused() {
	perl -e 'my $pid = shift;
	    my $process = syscall(434, $pid + 0, 0); # pidfd_open
	    for my $at (glob "/proc/$pid/fd/*") {
	        next unless readlink($at) =~ /^socket:/ && $at =~ /(\d+)$/;
	        my $fd = syscall(438, $process, $1 + 0, 0); # pidfd_getfd
	        open(my $socket, "+<&=", $fd) or next;
	        my $stats = getsockopt($socket, 283, 7) or next; # SOL_XDP, XDP_STATISTICS
	        my @n = unpack "Q*", $stats;
	        print $n[1] + $n[2], "\n";
	    }' "$(dataplane)"
}
four() { # at once: both workers have some
	local i pids=() bad=0 LIMIT=30
	for i in 1 2 3 4; do
		through &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i" || bad=1; done
	[ $bad -eq 0 ]
}
through() { # 4 MiB of noise come back as they went
	local want
	want=$(noise | sha256sum)
	[ "$(noise | ssh_to cat | sha256sum)" = "$want" ]
}

idles() { # with a client that is logged in and silent
	local percent
	coproc SSH { exec ip netns exec "$NETNS" ssh "${ssh_opts[@]}" "$SSH_USER@$HOST" cat; }
	local out=${SSH[0]} in=${SSH[1]} pid=$SSH_PID line
	echo one >&"$in"
	read -r -t 10 -u "$out" line && [ "$line" = one ] || return 1
	sleep 1 # what a login leaves to be done is not idling
	percent=$(idle_percent $seconds) || { echo "$percent"; return 1; }
	echo two >&"$in"
	read -r -t 10 -u "$out" line && [ "$line" = two ] || return 1
	exec {in}>&-
	wait "$pid"
	echo "$percent" >"$work/percent"
	awk -v p="$percent" -v most=$most 'BEGIN { exit !(p < most) }'
}

dataplane() {
	local p
	for p in $($PIDS_CMD); do
		case $(readlink "/proc/$p/exe") in */postern-dp*) echo "$p" ;; esac
	done
}
confined() { # what its driver needs opened nothing else
	local tries="read=/etc/passwd create=/tmp/ports-was-here socket-inet socket-packet socket-netlink fork"
	# shellcheck disable=SC2086
	"${BIN:-build/bin}/tests/inject" "$(dataplane)" $tries >"$work/tries" 2>&1
	cat "$work/tries"
	[ "$(grep -c 'denied' "$work/tries")" -eq "$(wc -w <<<"$tries")" ]
}

back() { # a dataplane that was killed is there again
	kill -9 "$(dataplane)"
	until_true 10 ssh_to true
}

up_as() { # what testbed-options...
	local what=$1
	shift
	if ! $bed up --name "$NAME" "$@" >"$work/up" 2>&1; then
		check "$what: comes up" cat "$work/up" /nonexistent
		return 1
	fi
	# shellcheck disable=SC1090
	. "${BUILD:-build}/testbed/$NAME/env"
	ssh_opts=(-F none -i "$SSH_KEY" -o BatchMode=yes -o IdentitiesOnly=yes -o ConnectTimeout=2
	    -o UserKnownHostsFile="$KNOWN_HOSTS" -o StrictHostKeyChecking=yes -o LogLevel=ERROR)
}

for nic in ${NICS:-af_xdp tap memif}; do
	if ! kernel_has $nic; then
		echo "skipped $nic: this kernel has none"
		continue
	fi
	if up_as "$nic" --nic $nic; then
		check "$nic: login by key over IPv4" is "$SSH_USER" ssh_to id -un
		check "$nic: and over IPv6" is "$SSH_USER" client ssh "${ssh_opts[@]}" "$SSH_USER@$HOST6" id -un
		check "$nic: exec with exit status" status 7 ssh_to exit 7
		check "$nic: $mib MiB both ways" both_ways
		check "$nic: 16 MiB by SFTP and back" files
		[ $nic != af_xdp ] || check "$nic: the kernel refused no descriptor" is 0 xdp_refused
		check "$nic: idles under $most % of a core" idles
		echo "        measured over $seconds s: $(cat "$work/percent" 2>/dev/null || echo none) %"
		check "$nic: its dataplane may do nothing else" confined
		check "$nic: service is back after its dataplane was killed" back
		$bed down --name "$NAME"
	fi
	if up_as "$nic without huge pages" --nic $nic --no-huge --workers 2 --loss 0.01 --reorder 0.01 --delay 1ms --seed 5; then
		check "$nic: four times 4 MiB there and back, impaired, two workers, no huge pages" four
		[ $nic != af_xdp ] || check "$nic: nor did it there" is 0 xdp_refused
		$bed down --name "$NAME"
	fi
done
# Frames of 9000 bytes on the ring of af_packet.
large() { client ss -Htni state established dst "$HOST" | grep -o 'rcvmss:[0-9]*' | tee "$work/large" | grep -qx 'rcvmss:8948'; }
large_was() { cat "$work/large"; grep -qx 'rcvmss:8948' "$work/large"; }
segments() {
	local transfer
	ssh_to 'while [ ! -e seen ]; do head -c 1000000 /dev/zero; done' >/dev/null &
	transfer=$!
	until_true 30 large
	touch "$ROOT/home/$SSH_USER/seen"
	wait $transfer && large_was
}
if up_as "af_packet, 9000 bytes" --mtu 9000; then
	check "af_packet: $mib MiB both ways in frames of 9000 bytes" both_ways
	check "af_packet: segments are as large" segments
	$bed down --name "$NAME"
fi
finish
