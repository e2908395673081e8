#!/bin/bash
# Bulk both ways, byte-exact; rekeys in the middle of it.
. "$(dirname "$0")/lib.sh"
LIMIT=400
bed_up

# A repeatable stream: AES-free, fast, and different everywhere.
stream() { perl -e 'my $b = pack("V*", map { $_ * 2654435761 } 0 .. 16383); my $n = shift; for (my $i = 0; $i < $n; $i++) { substr($b, 0, 4) = pack("V", $i); print $b }' "$1"; }
blocks() { echo $(($1 * 16)); } # of 64 KiB in MiB

both_ways() { # MiB ssh-options...
	local mib=$1 n want got
	shift
	n=$(blocks "$mib")
	want=$(stream "$n" | openssl sha256)
	got=$(stream "$n" | client ssh "${ssh_opts[@]}" "$@" "$SSH_USER@$HOST" openssl sha256) || return 1
	[ "$got" = "$want" ] || { echo "up: $got"; return 1; }
	got=$(client ssh "${ssh_opts[@]}" "$@" "$SSH_USER@$HOST" "$(declare -f stream); stream $n" | openssl sha256) || return 1
	[ "$got" = "$want" ] || { echo "down: $got"; return 1; }
}
at_once() { # MiB ssh-options...: up and down in one channel, at the same time
	local mib=$1 n want got
	shift
	n=$(blocks "$mib")
	want=$(stream "$n" | openssl sha256)
	got=$(stream "$n" | client ssh "${ssh_opts[@]}" "$@" "$SSH_USER@$HOST" cat | openssl sha256) || return 1
	[ "$got" = "$want" ]
}
check "1 GiB up and 1 GiB down" both_ways 1024
# A thousand exchanges of the cheap kind, and some of the client's first choice.
curve=(-o RekeyLimit=1M -o KexAlgorithms=curve25519-sha256)
check "256 MiB up and down with RekeyLimit 1M" both_ways 256 "${curve[@]}"
check "256 MiB up and down at once with RekeyLimit 1M" at_once 256 "${curve[@]}"
check "32 MiB up and down at once with RekeyLimit 1M, another exchange" at_once 32 -o RekeyLimit=1M
check "the server counted the key exchanges" bash -c "$CTL --json status | grep -q rekeys"
finish
