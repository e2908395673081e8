#!/bin/bash
# An idle service takes next to no processor time: one client, logged in and silent.
. "$(dirname "$0")/lib.sh"
seconds=10 most=3.00

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
	local percent
	percent=$(idle_percent $seconds) || return 1
	echo "$percent" >"$work/percent"
	awk -v p="$percent" -v most=$most 'BEGIN { exit !(p < most) }'
}

bed_up
client_there
check "a client is connected" typed "one"
sleep 1 # what a login leaves to be done is not idling
check "it idles under $most % of a core" idle
echo "        measured over $seconds s: $(cat "$work/percent" 2>/dev/null || echo none) %"
read -r _ before < <(cpu_used)
check "a keystroke still gets through" typed "two"
seen() { local after; read -r _ after < <(cpu_used); [ "$after" -gt "$before" ]; }
check "and what it took is seen by this measure" seen
exec {to}>&-
wait "$SSH_PID"
finish
