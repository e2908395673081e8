#!/bin/bash
# Crowds that hold memory: half packets before login, shut windows, bytes out of order.
# Buffers are few; what is held stays under its caps, the probe logs in, a transfer that
# runs all the while arrives exactly, and everything comes back afterwards.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/attacklib.sh"
if [ "${FORM:-}" = full ]; then count=10000 seconds=60 mb=64; else count=1000 seconds=3 mb=32; fi
LIMIT=900
bed_up --set "DataplaneMemory $mb" --set "MaxConnections 12000"
attack_begin
blocks=$((mb * 512))

free=$(meter pool_free)
settled() { [ "$(meter conn_open)" -eq "$1" ] && [ "$(limit tcp_half_open current)" -eq 0 ] && calm; }
back() { [ "$(meter conn_open)" -eq 0 ] && [ "$(meter pool_free)" -eq "$free" ] && calm; }

# crowd KIND: it comes; when most of it is there the probe logs in; it leaves.
crowd() {
	local tries=0 logins=0
	attack crowd "$1" $count $seconds >"$work/crowd" &
	local there=$!
	while kill -0 $there 2>/dev/null; do
		tries=$((tries + 1))
		probe && logins=$((logins + 1))
	done
	wait $there || return 1
	cat "$work/crowd"
	echo "$(drops TCP_GUESTS) gave way; $logins of $tries logins; at the most $(limit pool_blocks high_water) of $blocks blocks, $(limit guest_blocks high_water) before login"
	cp "$work/check.out" "$work/said.$1"
	[ $logins -gt 0 ] && [ $logins -eq $tries ] && transfer_goes_on
}
# said WORD MIN: the crowd's own count.
said() { perl -ne 'exit(!(/'"$1"' (\d+)/ && $1 >= '"$2"'))' "$work/crowd"; }

check "a transfer begins" transfer_start
check "half of a first packet on $count connections" crowd half
given_up() { cat "$work/said.half"; [ "$(drops TCP_GUESTS)" -gt 0 ] && said opened $((count / 2)); }
check "their share is used up: those that asked first went" given_up
share() { [ "$(limit guest_blocks high_water)" -le $((blocks / 4 + 64)) ]; }
check "they held no more than their share" share
check "all of it comes back" until_true 60 settled 1

check "shut windows on $count connections" crowd zero
check "most of them were there" said opened $((count / 2))
check "all of it comes back" until_true 60 settled 1
check "bytes out of order on $count connections" crowd order
capped() { [ "$(drops TCP_GUESTS)" -gt 0 ] && [ "$(limit guest_blocks high_water)" -le $((blocks / 4 + 64)) ]; }
check "they held no more than their share" capped
check "all of it comes back" until_true 60 settled 1
check "urgent pointers of all sizes on $count connections" crowd urgent
check "nearly all were answered: data in line (RFC 6093)" said answered $((count * 9 / 10))
check "the pool was never empty" test "$(limit pool_blocks high_water)" -lt $blocks
check "nobody who had logged in was given up" test "$(drops TCP_EVICTED)" -eq 0
check "the transfer is exact, on its first connection" transfer_end
check "nothing of it is left" until_true 100 back
finish
