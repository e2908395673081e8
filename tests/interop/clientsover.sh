#!/bin/bash
# Other people's clients, a short form of clients.sh, on other ports and with two
# workers.
. "$(dirname "$0")/lib.sh"
for over in "--workers 2" "--nic af_xdp" "--nic tap"; do
	BED_OPTIONS=$over CLIENTS="openssh plink dbclient" MIB=4 NAME=${NAME}x tests/interop/clients.sh >"$work/over" 2>&1 </dev/null
	sed "s/^\(ok\|FAILED\) */&$over: /" "$work/over"
	result=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$work/over" | tail -n 1)
	[ -n "$result" ] || result="0 passed, 1 failed"
	passed=$((passed + ${result%% *}))
	failed=$((failed + $(awk '{ print $3 }' <<<"$result")))
done
finish
