#!/bin/bash
# What a peer may not do, one connection each, against the running service: it
# is refused with the right code, and nothing else notices. And what looks odd
# and is allowed.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roles.sh"
bed_up
client_bin=${BIN:-build/bin}/tests/script-client

hex() { printf %s "$1" | od -An -v -tx1 | tr -d ' \n'; }
u32() { printf %08x "$1"; }
str() { u32 ${#1}; hex "$1"; }       # a string of characters
rep() { printf "%0$((2 * $2))d" 0 | sed "s/00/$1/g"; } # HEX-BYTE COUNT

# does "what" STEP...: all the steps do what they should.
does() {
	local what=$1
	shift
	check "$what" client "$client_bin" "timeout 10" "connect $HOST $PORT" "$@"
}

kexinit() { # KEX HOST-KEY CIPHER FOLLOWS: a payload in hex
	printf 14; rep 5a 16
	str "$1"; str "$2"; str "$3"; str "$3"; str hmac-sha2-256; str hmac-sha2-256; str none; str none
	u32 0; u32 0; printf '%02x' "${4:-0}"; u32 0
}
C25519=curve25519-sha256 MLKEM=mlkem768x25519-sha256 ED=ssh-ed25519 GCM=aes128-gcm@openssh.com
STRICT=kex-strict-c-v00@openssh.com
auth="auth $SSH_USER $SSH_KEY"
logged_in=(ident kex service "$auth")
channel=("${logged_in[@]}" open)
done_well=("exec true" "wait-exit 0" wait-close)

# ---- the identification line --------------------------------------------------
does "a bare LF ends the line" "raw $(hex SSH-2.0-postern_script)0a" ident-recv kex service "$auth"
does "SSH-1.99 is 2.0" "ident SSH-1.99-old" kex service "$auth"
does "a comment" "ident SSH-2.0-x with a comment" kex service "$auth"
does "one byte at a time" "chop 1" "${channel[@]}" "${done_well[@]}"
does "seven bytes at a time" "chop 7" "${channel[@]}" "${done_well[@]}" rekey
does "SSH-1.5 is refused" "ident SSH-1.5-x" expect-end
does "a line that is none" "raw $(hex 'GET / HTTP/1.0')0d0a" ident-recv expect-end
does "a line without end" "raw $(rep 41 300)" ident-recv expect-end
does "a NUL in the line" "raw $(hex SSH-2.0-)00$(hex x)0d0a" ident-recv expect-end

# ---- records in the clear -----------------------------------------------------------
for length in 0 1 11 35001 2147483648 4294967295; do
	does "a packet length of $length" ident "raw $(u32 $length)$(rep 00 28)" "expect-close 2"
done
does "a length off the block" ident "raw $(u32 13)$(rep 04 13)" "expect-close 2"
does "padding as long as the packet" ident "raw $(u32 12)0c$(rep 00 11)" "expect-close 2"
does "padding of three bytes" ident "raw $(u32 12)03$(rep 14 11)" "expect-close 2"
does "a packet without payload" ident "raw $(u32 12)0b$(rep 00 11)" "expect-close 2"

# ---- KEXINIT ------------------------------------------------------------------------
does "no common method" ident "send $(kexinit kex-of-tomorrow $ED $GCM)" "expect 20" "expect-close 3"
does "no common host key" ident "send $(kexinit $C25519 ssh-rsa $GCM)" "expect 20" "expect-close 3"
does "no common cipher" ident "send $(kexinit $C25519 $ED aes256-cbc)" "expect 20" "expect-close 3"
does "only the server's markers" ident "send $(kexinit ext-info-s,kex-strict-s-v00@openssh.com $ED $GCM)" \
    "expect 20" "expect-close 3"
does "an empty name is passed over" ident "offer kex x,,$C25519" kex service "$auth"
does "so is a comma at the end" ident "offer ciphers $GCM," kex service "$auth"
does "a name of 8 KiB" ident "send $(kexinit "$(printf '%08000d' 0)" $ED $GCM)" "expect-close 2"
does "a name that is not ASCII" ident "send $(kexinit "$C25519,caf$(printf '\303\251')" $ED $GCM)" "expect-close 2"
does "half a KEXINIT" ident "send 14$(rep 00 40)" "expect-close 2"
does "KEXINIT twice" ident "send $(kexinit $C25519 $ED $GCM)" "send $(kexinit $C25519 $ED $GCM)" "expect-close 2"

# ---- strict key exchange ---------------------------------------------------------------
for message in 02$(u32 0) 03$(u32 0) 0400$(u32 0)$(u32 0); do
	does "strict: message ${message:1:1} in the first exchange" ident kexinit "send $message" "expect-close 2"
	does "strict: message ${message:1:1} before KEXINIT" ident "send $message" \
	    "send $(kexinit $C25519,$STRICT $ED $GCM)" "expect-close 2"
done
does "not strict: IGNORE in the first exchange" "markers off" ident kexinit "send 02$(u32 0)" kexdh newkeys \
    service "$auth"
does "strict: the markers of a rekey do not count" "markers off" "${logged_in[@]}" rekey "send 02$(u32 0)" rekey \
    open "${done_well[@]}"

# ---- guesses -------------------------------------------------------------------------------
does "a right guess" ident "kexinit-send guess" kexdh-send kexinit-recv kexdh-recv newkeys service "$auth"
does "a wrong guess is skipped once" ident "send $(kexinit "x,$C25519" $ED $GCM 1)" "send 1e$(str wrong)" \
    "send 1e$(u32 32)$(rep 09 32)" "see 31" drop

# ---- shares ------------------------------------------------------------------------------
for share in "$(rep 00 32)" "01$(rep 00 31)" "ed$(rep ff 30)7f"; do
	does "a share of small order: ${share:0:4}..${share:60}" ident "offer kex $C25519" kexinit "send 1e$(u32 32)$share" "expect-close 3"
done
does "a share of 31 bytes" ident "offer kex $C25519" kexinit "send 1e$(u32 31)$(rep 09 31)" "expect-close 3"
does "a share with a byte behind it" ident "offer kex $C25519" kexinit "send 1e$(u32 32)$(rep 09 32)00" "expect-close 2"
does "a share of another method" ident "offer kex $MLKEM" kexinit "send 1e$(u32 32)$(rep 09 32)" "expect-close 3"
does "an ML-KEM key beyond the modulus" ident "offer kex $MLKEM" kexinit "send 1e$(u32 1216)$(rep ff 1184)$(rep 09 32)" \
    "expect-close 3"
does "a good ML-KEM key beside a share of small order" ident "offer kex $MLKEM" kexinit \
    "send 1e$(u32 1216)$(rep 00 1216)" "expect-close 3"
does "a ciphertext's length in place of a key's" ident "offer kex $MLKEM" kexinit "send 1e$(u32 1120)$(rep 09 1120)" \
    "expect-close 3"

# ---- NEWKEYS and encrypted records ---------------------------------------------------------
does "NEWKEYS before there are keys" ident kexinit newkeys-send "expect-close 2"
does "an encrypted record before NEWKEYS is none" ident kexinit kexdh "raw $(rep a5 64)" "expect-close"
for byte in 1 4 5 20 -17 -16 -1; do
	does "bit flipped in byte $byte of a record" ident kex "flip $byte" service-send "expect-close"
done
does "bit flipped in channel data" "${channel[@]}" "exec cat" "flip 30" "data hello" "expect-close 5"

# ---- before the login ----------------------------------------------------------------------
does "a channel before the login" ident kex service "send 5a$(str session)$(u32 0)$(u32 1000)$(u32 1000)" \
    "expect-close 2"
does "a channel before the service" ident kex "send 5a$(str session)$(u32 0)$(u32 1000)$(u32 1000)" "expect-close 2"
does "a global request before the login" ident kex service "send 50$(str x)01" "expect-close 2"
does "the server's messages from a client" ident kex service "send 34" "expect-close 2"
does "PK_OK from a client" ident kex service "send 3c$(str x)$(str y)" "expect-close 2"
does "a rekey before the login" ident kex service kexinit-send "expect-close"
does "the connection service before the login" ident kex "service-send ssh-connection" "expect-close"
does "an unknown service" ident kex "service-send nonsense" "expect-close 7"
does "an unknown user gets the same answers" ident kex service "auth-none nobody-here" \
    "auth-query-send nobody-here $SSH_KEY" auth-recv "auth-none nobody-here"
does "another method is refused" ident kex service \
    "send 32$(str "$SSH_USER")$(str ssh-connection)$(str password)00$(str secret)" auth-recv "$auth"
does "a query is no login" ident kex service "auth-query $SSH_USER $SSH_KEY" \
    "send 5a$(str session)$(u32 0)$(u32 1000)$(u32 1000)" "expect-close 2"
does "a signature of another session" ident kex service \
    "send 32$(str "$SSH_USER")$(str ssh-connection)$(str publickey)01$(str ssh-ed25519)$(u32 51)$(str ssh-ed25519)$(u32 32)$(rep 07 32)$(u32 83)$(str ssh-ed25519)$(u32 64)$(rep 07 64)" \
    auth-recv "$auth"

# ---- after it ------------------------------------------------------------------------------
does "a late authentication request is dropped" "${logged_in[@]}" "auth-none-send root" open "${done_well[@]}"
does "an unknown message is answered with UNIMPLEMENTED" "${logged_in[@]}" "send c8" "expect 3" open "${done_well[@]}"
does "PING is answered" "${logged_in[@]}" "send c0$(str hello)" "expect 193" open "${done_well[@]}"
does "an unknown global request is answered" "${logged_in[@]}" "global nonsense@example.com" open "${done_well[@]}"
does "an unknown channel type" "${logged_in[@]}" "!open nonsense" open "${done_well[@]}"
does "an unknown channel" "${logged_in[@]}" "send 5e$(u32 7)$(str x)" "expect-close 2"
does "an unknown request" "${channel[@]}" "send 62$(u32 0)$(str nonsense@example.com)01" "!reply" "${done_well[@]}"
does "two programs on one channel" "${channel[@]}" "exec cat" "!exec cat" eof "wait-exit 0"
overrun="send 5e$(u32 0)$(u32 32000)$(rep 61 32000)"
does "more data than the window" "${channel[@]}" "exec sleep 60" \
    "zeros 2097152" "$overrun" "$overrun" "$overrun" "expect-close 2" # what a pipe holds was given back
does "a window beyond 2^32" "${channel[@]}" "send 5d$(u32 0)ffffffff" "expect-close 2"
does "data after EOF" "${channel[@]}" "exec cat" eof "send 5e$(u32 0)$(str x)" "expect-close 2"
does "a rekey at rest" "${logged_in[@]}" rekey rekey rekey open "${done_well[@]}"
does "a second KEXINIT in a rekey" "${logged_in[@]}" "kexinit-send" "send $(kexinit $C25519 $ED $GCM)" "expect-close 2"
does "other messages in a rekey" "${channel[@]}" kexinit "send 5e$(u32 0)$(str x)" "expect-close 2"

# ---- the others did not notice --------------------------------------------------------------
check "logins go on" ssh_to true
finish
