#!/bin/bash
# A bad wire: 1 % loss with reordering, delay, both directions.
. "$(dirname "$0")/lib.sh"
LIMIT=300
bed_up --loss 0.01 --reorder 0.01 --seed 5
down() {
	local want got
	want=$(head -c 209715200 /dev/zero | tr '\0' 'a' | sha256sum)
	got=$(ssh_to "head -c 209715200 /dev/zero | tr '\\0' a" | sha256sum) || return 1
	[ "$got" = "$want" ]
}
up() {
	local want got
	head -c 33554432 /dev/urandom >"$work/data"
	want=$(sha256sum <"$work/data")
	got=$(ssh_to sha256sum <"$work/data") || return 1
	[ "$got" = "$want" ]
}
check "200 MiB down at 1 % loss with reordering" down
check "32 MiB up at 1 % loss with reordering" up
retransmitted() { [ "$($CTL --json status | grep -o '"retransmits": *[0-9]*' | grep -o '[0-9]*$')" -gt 0 ]; }
check "segments were sent again" retransmitted
finish
