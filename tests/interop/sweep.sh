#!/bin/bash
# Every message number in every phase of a connection, with an empty, the shortest or a
# random body: nothing is acted on that the table of tests/attack/sweep_table.c does not
# allow. In short each number has one of the bodies, and all three in the full form.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/attacklib.sh"
LIMIT=900
if [ "${FORM:-}" = full ]; then bodies=3; else bodies=1; fi
# Twelve at once, and on a busy machine what ended is cleared away late.
bed_up --set 'RekeyLimit 64K' --set 'PAMMaxDialoguesPerSource 64'
swept() {
	$CTL --json status >"$work/before"
	channels=$(meter chan_total)
	client "${BIN:-build/bin}/tests/sweep" "$HOST" "$PORT" "$SSH_USER" "$SSH_KEY" 12 all $bodies >"$work/swept"
	local rc=$?
	sort "$work/swept" | grep -v '^case' | uniq -c | sort -rn | grep -v WRONG
	! grep WRONG "$work/swept" && [ $rc -eq 0 ] && is $((256 * 12 * bodies)) grep -c '^case' "$work/swept"
}
check "256 numbers x 12 phases x $bodies of 3 bodies" swept
# What ended for a reason that the table names was counted under that name; the rest, which
# it does not name, may be under any.
counted() {
	local unnamed reason times got
	unnamed=$(grep -c '^unnamed' "$work/swept")
	for reason in $(sed -n 's/^reason //p' "$work/swept" | sort -u); do
		times=$(grep -c "^reason $reason\$" "$work/swept")
		got=$(($(drops "$reason") - $(was "$reason")))
		echo "$reason: $times, counted $got"
		[ "$got" -ge "$times" ] && [ "$got" -le $((times + unnamed)) ] || return 1
	done
	grep -q '^reason SSH_PHASE' "$work/swept"
}
was() { perl -MJSON::PP -0ne '$n = 0; $n += $_->{drops}{'"$1"'} // 0 for @{decode_json($_)->{workers}}; print $n' "$work/before"; }
check "each close has its reason's counter" until_true 10 counted
unopened() { is "$channels" meter chan_total; }
check "no channel was opened by any of it" unopened
check "and a login works" ssh_to true
finish
