#!/bin/bash
# What a changed record tells: where its length is encrypted, a byte changed in the length,
# in the padding's length or in the MAC ends the connection with the same code, and at the
# same time: Welch's |t| is below 4.5. 900 connections in short, 100000 in the full form.
. "$(dirname "$0")/lib.sh"
LIMIT=3000
if [ "${FORM:-}" = full ]; then count=100000; else count=${COUNT:-900}; fi
bed_up --set 'LogLevel ERROR'
sample() { client "${BIN:-build/bin}/tests/wrong" "$HOST" "$PORT" $1 "$count" >"$work/times"; }
# By chance, or by what else the machine does, a sample may stand out; not twice.
alike() {
	sample "$1" || return 1
	[ "$(cut -d' ' -f2 "$work/times" | sort -u)" = 5 ] || { cut -d' ' -f1,2 "$work/times" | sort | uniq -c; return 1; }
	perl tests/interop/welch.pl "$work/times" && return
	sample "$1" && perl tests/interop/welch.pl "$work/times"
}
for suite in "chacha20-poly1305@openssh.com hmac-sha2-256" "aes128-ctr hmac-sha2-256"; do
	check "a changed length, padding or MAC: one code, one time: $suite" alike "$suite"
	[ "${FORM:-}" = full ] && perl tests/interop/welch.pl "$work/times"
done
finish
