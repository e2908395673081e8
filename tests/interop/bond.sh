#!/bin/bash
# A bond of two taps on one bridge: the member that sends goes down in the middle of a
# transfer, then the other one, and nothing is lost; what the dataplane may do there.
. "$(dirname "$0")/lib.sh"
mib=${MIB:-48}

zeros() { head -c $((mib * 1048576)) /dev/zero; }
link() { ip -n "$SERVER_NETNS" link set "$1" "$2"; }
frames() { # MEMBER: that it has carried, both ways
	ip -n "$SERVER_NETNS" -s link show "$1" | awk '/RX:|TX:/ { getline; n += $2 } END { print n }'
}
same_sum() {
	local want got
	want=$(zeros | sha256sum)
	got=$(zeros | ssh_to sha256sum) || return 1
	[ "$got" = "$want" ]
}
dataplane() {
	local p
	for p in $($PIDS_CMD); do
		case $(readlink "/proc/$p/exe") in */postern-dp*) echo "$p" ;; esac
	done
}
confined() {
	local tries="read=/etc/passwd create=/tmp/bond-was-here socket-inet socket-packet socket-netlink fork"
	# shellcheck disable=SC2086
	"${BIN:-build/bin}/tests/inject" "$(dataplane)" $tries >"$work/tries" 2>&1
	[ "$(grep -c 'denied' "$work/tries")" -eq "$(wc -w <<<"$tries")" ]
}
grows() { # MEMBER FRAMES: more than that has gone over it since
	[ "$(frames "$1")" -gt $(($2 + 1000)) ]
}

# down_amid DIRECTION MEMBER OTHER: MEMBER goes down when frames have gone over it, and
# the rest goes over OTHER.
down_amid() {
	local before at want got pid
	want=$(zeros | sha256sum)
	before=$(frames "$2") at=$(frames "$3")
	case $1 in
	up) zeros | ssh_to sha256sum >"$work/sum" & ;;
	down) { ssh_to "head -c $((mib * 1048576)) /dev/zero" | sha256sum >"$work/sum"; } & ;;
	esac
	pid=$!
	until_true 20 grows "$2" "$before" || { echo "nothing goes over $2"; return 1; }
	link "$2" down
	wait $pid || return 1
	got=$(cat "$work/sum")
	[ "$got" = "$want" ] || { echo "$got"; return 1; }
	grows "$3" "$at" || { echo "nothing went over $3"; return 1; }
}

for mode in active-backup balance; do
	bed_up --nic bond,mode=$mode
	check "$mode: login" is "$SSH_USER" ssh_to id -un
	check "$mode: and over IPv6" is "$SSH_USER" client ssh "${ssh_opts[@]}" "$SSH_USER@$HOST6" id -un
	if [ $mode = active-backup ]; then
		check "$mode: $mib MiB down, its member goes in the middle" down_amid down tap0 tap1
		check "$mode: login after that" is ok ssh_to echo ok
		link tap0 up
		check "$mode: $mib MiB up, the other one goes" down_amid up tap1 tap0
		check "$mode: login after that" is ok ssh_to echo ok
		link tap1 up
	else
		check "$mode: $mib MiB up" same_sum
	fi
	check "$mode: its dataplane may do nothing else" confined
done
finish
