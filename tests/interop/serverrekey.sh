#!/bin/bash
# Rekeys that the server starts, in the middle of bulk both ways.
. "$(dirname "$0")/lib.sh"
LIMIT=200
bed_up --set 'RekeyLimit 1M'
at_once() {
	local want got
	head -c 67108864 /dev/urandom >"$work/data"
	want=$(sha256sum <"$work/data")
	got=$(client ssh "${ssh_opts[@]}" "$SSH_USER@$HOST" cat <"$work/data" | sha256sum) || return 1
	[ "$got" = "$want" ]
}
check "64 MiB both ways, the server rekeys every MiB" at_once
counted() { [ "$($CTL --json status | grep -o '"rekeys": *[0-9]*' | grep -o '[0-9]*$')" -ge 32 ]; }
check "at least 32 key exchanges were counted" counted
finish
