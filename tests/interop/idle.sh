#!/bin/bash
# An idle service takes next to no processor time: one client, logged in and silent.
. "$(dirname "$0")/lib.sh"
seconds=10 most=3.00

# Processor time of every thread of the service: user and system time in ticks, and
# what the scheduler counted in nanoseconds, which misses no short run.
used() {
	local p t ticks
	for p in $($PIDS_CMD); do
		for t in /proc/"$p"/task/*; do
			ticks=$(sed 's/^.*) //' "$t/stat" | awk '{ print $12 + $13 }')
			echo "$ticks $(cut -d' ' -f1 "$t/schedstat" 2>/dev/null)"
		done
	done | awk '{ ticks += $1; ns += $2 } END { printf "%d %d\n", ticks, ns }'
}

typed() { # a line goes to the program and comes back
	local line
	echo "$1" >&"$to"
	read -r -t 10 -u "$from" line && [ "$line" = "$1" ]
}

client_there() {
	coproc SSH { exec ip netns exec "$NETNS" ssh "${ssh_opts[@]}" "$SSH_USER@$HOST" cat; }
	from=${SSH[0]} to=${SSH[1]}
}

idle() {
	local pids ticks ns ticks_after ns_after percent
	pids=$($PIDS_CMD)
	read -r ticks ns < <(used)
	sleep "$seconds"
	read -r ticks_after ns_after < <(used)
	[ "$pids" = "$($PIDS_CMD)" ] || { echo "other processes than before"; return 1; }
	[ "$ticks_after" -gt 0 ] || { echo "nothing is measured"; return 1; }
	percent=$(awk -v t=$((ticks_after - ticks)) -v ns=$((ns_after - ns)) -v hz="$(getconf CLK_TCK)" \
	    -v s=$seconds 'BEGIN { a = 100 * t / hz / s; b = ns / 1e7 / s; printf "%.2f", (a > b) ? a : b }')
	[ -n "$percent" ] || return 1
	echo "$percent" >"$work/percent"
	awk -v p="$percent" -v most=$most 'BEGIN { exit !(p < most) }'
}

bed_up
client_there
check "a client is connected" typed "one"
sleep 1 # what a login leaves to be done is not idling
check "it idles under $most % of a core" idle
echo "        measured over $seconds s: $(cat "$work/percent" 2>/dev/null || echo none) %"
read -r _ before < <(used)
check "a keystroke still gets through" typed "two"
seen() { local after; read -r _ after < <(used); [ "$after" -gt "$before" ]; }
check "and what it took is seen by this measure" seen
exec {to}>&-
wait "$SSH_PID"
finish
