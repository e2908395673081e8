#!/bin/bash
# Connections opened, used and closed at random, with logins between them: afterwards
# connections, buffers, timers and descriptors are exactly where they were.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/attacklib.sh"
if [ "${FORM:-}" = full ]; then count=200000 logins=480; else count=10000 logins=15; fi
bed_up --set "MaxConnections 4000" --set "TCPTimeWait 2s"
LIMIT=1500

ssh_to true # what is made once is there
descriptors() { for p in $($PIDS_CMD); do ls "/proc/$p/fd"; done | wc -l; }
now() {
	echo "connections $(meter conn_open) channels $(meter chan_open) blocks free $(meter pool_free)" \
	    "tcp $(limit tcp_conn_max current) half open $(limit tcp_half_open current)" \
	    "TIME-WAIT $(limit tcp_timewait current) timers $(limit tcp_timers current)" \
	    "deadlines $(limit deadlines current) growth $(limit tcp_growth current)" \
	    "guests $(limit guest_blocks current)" \
	    "sessions $($CTL --json sessions | perl -MJSON::PP -0ne 'print scalar @{decode_json($_)->{sessions}}')" \
	    "processes $($PIDS_CMD | wc -w) descriptors $(descriptors)"
}
was() { [ "$(now)" = "$before" ]; }
quiet() { before=$(now) && [[ $before == "connections 0 "* && $before == *" tcp 0 "*" TIME-WAIT 0 timers 0 "* ]]; }
check "all is quiet" until_true 100 quiet
echo "        $before"
total=$(meter conn_total)

churned() {
	local rate
	client "${BIN:-build/bin}/tests/login-rate" "$HOST" "$PORT" "$SSH_USER" "$SSH_KEY" 2 $logins >"$work/logins" &
	local rate=$!
	client "${BIN:-build/bin}/tests/churn" "$HOST" "$HOST6" "$PORT" $count 100 "${SEED:-1}" $((count * 2 / 3)) >"$work/churn"
	local result=$?
	wait $rate || result=1
	cat "$work/churn" "$work/logins"
	return $result
}
check "$count connections at random, and logins beside them" churned
check "every login succeeded" grep -q 'failed 0 ' "$work/logins"
accepted() {
	local n
	n=$(perl -ne 'print $1 if /connected (\d+)/' "$work/churn")
	echo "$n connected, $(($(meter conn_total) - total)) accepted"
	[ $(($(meter conn_total) - total)) -ge $((n * 99 / 100)) ]
}
check "they were accepted" accepted
check "everything is where it was" until_true 100 was
[ "$(now)" = "$before" ] || echo "        $(now)"
never() { local r; for r in "$@"; do [ "$(drops "$r")" -eq 0 ] || { echo "$r $(drops "$r")"; return 1; }; done; }
check "nobody was refused or given up for want of anything" never TCP_CONN_MAX TCP_NO_BLOCK TCP_SHED_SYN TCP_GUESTS TCP_EVICTED \
    TCP_PRUNED NOMEM INTERNAL
check "and it serves" ssh_to true
finish
