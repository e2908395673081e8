#!/bin/bash
# Is a nonce ever used twice? Connections of the scripted client, which tells its own keys,
# are captured on the wire, with exchanges that either side begins; every record of both
# directions is opened with the nonce that it must have, and all nonces are compared.
. "$(dirname "$0")/lib.sh"
bed_up --set 'RekeyLimit 64K'
client_bin=${BIN:-build/bin}/tests
captured() { # CIPHER MAC MARKERS
	local steps=(ident "markers $3" "offer ciphers $1" "offer macs $2" kex service "auth $SSH_USER $SSH_KEY" open "exec cat")
	local i rc dump
	for i in 1 2 3; do
		steps+=("data word$i" "expect-data word$i" rekey "zeros 100000" "wait-bytes $((i * 100005))")
	done
	ip netns exec "$NETNS" tcpdump -i cl0 -w "$work/pcap" -B 16384 --immediate-mode -U "tcp port $PORT" 2>"$work/tcpdump" &
	dump=$!
	until_true 10 grep -q 'listening on' "$work/tcpdump" || return 1
	client "$client_bin/script-client" "timeout 60" "connect $HOST $PORT" "${steps[@]}" eof "wait-exit 0" wait-close \
	    "key-log $work/keys" disconnect "expect-close 0" >"$work/said"
	rc=$?
	[ $rc -eq 0 ] || tail -n 3 "$work/said"
	kill -INT $dump
	wait $dump
	grep 'dropped by kernel' "$work/tcpdump"
	[ $rc -eq 0 ] && "$client_bin/nonces" "$work/pcap" "$work/keys" "$PORT" && [ "$(grep -c c2s "$work/keys")" -ge 6 ]
}
M=hmac-sha2-256
for c in "aes128-gcm@openssh.com $M" "aes256-gcm@openssh.com $M" "chacha20-poly1305@openssh.com $M" "aes128-ctr $M" \
    "aes256-ctr hmac-sha2-512-etm@openssh.com"; do
	# shellcheck disable=SC2086
	check "a nonce for each record: $c" captured $c on
done
check "a nonce for each record: not strict" captured aes128-gcm@openssh.com $M off
finish
