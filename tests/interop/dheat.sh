#!/bin/bash
# A storm of exchanges in prime fields from one source, which costs its sender nothing:
# it is slowed down and refused, others log in meanwhile, with curves and in a prime field.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/attacklib.sh"
if [ "${FORM:-}" = full ]; then seconds=30; else seconds=3; fi
bed_up --set 'KexAlgorithms +diffie-hellman-*'

storm_from=10.77.0.3
ip -n "$NETNS" addr add $storm_from/24 dev cl0
fields() { $CTL --json status | perl -MJSON::PP -0ne 'print decode_json($_)->{field_exchanges}{"'"$1"'"}'; }
by() { client ssh "${ssh_opts[@]}" -o "KexAlgorithms=$1" "$SSH_USER@$HOST" echo in; }
log_in() { client "${BIN:-build/bin}/tests/login-rate" "$HOST" "$PORT" "$SSH_USER" "$SSH_KEY" 2 $seconds >"$work/$1"; cat "$work/$1"; grep -q 'failed 0 ' "$work/$1"; }
rate() { perl -ne 'print $1 if /logins (\d+)/' "$work/$1"; }

check "an exchange in a prime field costs tokens" is in by diffie-hellman-group14-sha256
counted() { [ "$(fields total)" -ge 1 ]; }
check "and is counted" until_true 10 counted
check "logins, undisturbed" log_in before

began=$(date +%s)
client "${BIN:-build/bin}/tests/dheat" $storm_from "$HOST" "$PORT" diffie-hellman-group18-sha512 100 128 >"$work/storm" &
storm=$!
# What it may is used up when some of it is refused.
refused() { [ "$(fields refused)" -gt 100 ]; }
check "the storm is refused, but for what a source may" until_true 60 refused
check "logins beside it, and each succeeds" log_in beside
slower() { echo "$(rate before) a second, then $(rate beside)"; [ $((20 * $(rate beside))) -ge "$(rate before)" ]; }
check "slower, but at a twentieth of the rate at least" slower
check "a login in a prime field beside it" is in by diffie-hellman-group14-sha256
check "it goes on all the while" kill -0 $storm
pkill -TERM -P $storm
wait $storm
took=$(($(date +%s) - began + 1))
# Of each gate: 64 tokens at once, 16 each second, and 16 to begin with, which with so many
# connections is each second anew; an exchange of 8192 bits costs 16.
bounded() {
	local answered gates=2
	cat "$work/storm"
	answered=$(perl -ne 'print $1 if /answered (\d+)/' "$work/storm")
	echo "in $took s; $(fields waited) waited, $(fields refused) were refused"
	[ "$answered" -ge 4 ] && [ "$answered" -le $((gates * (4 + 2 * took))) ] && [ "$(drops KEX_COST)" -gt 0 ]
}
check "it got no more than a source may" bounded
limited() { $CTL limits | awk '$1 == "kex_field_waiting" && $6 > 100 { ok = 1 } END { exit !ok }'; }
check "limits tell" limited
check "posternctl tells" grep -q 'prime fields [0-9]* exchanges, [0-9]* waited, [0-9]* refused' <($CTL status)
check "no process of the service crashed" bash -c "! grep -q -i 'killed\|crash' '$POSTERND_LOG' '$LOG'"
finish
