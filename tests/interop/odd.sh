#!/bin/bash
# Old, odd and wrong clients: their first lines, their guesses, and every message of the
# transport layer in its time. What is refused is told to the peer and counted with its
# reason.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/attacklib.sh"
LIMIT=60
bed_up
client_bin=${BIN:-build/bin}/tests/script-client
does() { # what step...
	local what=$1
	shift
	check "$what" client "$client_bin" "timeout 20" "connect $HOST $PORT" "$@"
}
str() { printf '%08x' ${#1}; printf %s "$1" | od -An -v -tx1 | tr -d ' \n'; }

# ---- first lines ---------------------------------------------------------------------------
# What a client that says this is told; then it is closed and counted.
told() { # line reason text
	local before after
	before=$(drops "$2")
	# shellcheck disable=SC2016
	client bash -c 'exec 3<>/dev/tcp/"$0"/"$1"; printf "$2" >&3; cat <&3' "$HOST" "$PORT" "$1" >"$work/told" 2>/dev/null
	grep -q "^$3.\$" "$work/told" || { cat "$work/told"; return 1; }
	until_true 10 counted "$2" "$before" || { echo "$2 is $before, then $(drops "$2")"; return 1; }
}
counted() { [ "$(drops "$1")" -gt "$2" ]; }
check "SSH 1.5 is told which versions there are" told 'SSH-1.5-1.2.27\n' SSH_IDENT_VERSION \
    "ssh: protocol major versions differ: this is SSH-2.0"
check "HTTP is told that this is SSH" told 'GET / HTTP/1.1\r\n\r\n' SSH_IDENT_BAD \
    "ssh: not an SSH-2.0 identification line"
check "a line without an end is told" told "SSH-2.0-$(printf 'a%.0s' $(seq 300))" SSH_IDENT_LONG \
    "ssh: identification line too long"
logged_in=(kex service "auth $SSH_USER $SSH_KEY" open "exec true" "wait-exit 0" wait-close)
does "SSH 1.99 is served" "ident SSH-1.99-Cisco-1.25" "${logged_in[@]}"
does "no comment, nothing but a name" "ident SSH-2.0-x" "${logged_in[@]}"
does "one byte at a time" "chop 1" "ident SSH-2.0-slow" "${logged_in[@]}"
bare_lf() { # the identification line ends with LF alone, in two pieces
	# shellcheck disable=SC2016
	client bash -c 'exec 3<>/dev/tcp/"$0"/"$1"; printf "SSH-2.0-" >&3; printf "bare\n" >&3
	    read -r -t 10 line <&3; head -c 6 <&3 | tail -c 1 | od -An -tu1' "$HOST" "$PORT" | grep -qw 20
}
check "a line that ends with LF alone: our KEXINIT follows" bare_lf

# ---- guesses -------------------------------------------------------------------------------
does "a guess that is right" ident "offer kex mlkem768x25519-sha256" "offer host-keys ssh-ed25519" \
    "kexinit-send guess" kexinit-recv "${logged_in[@]}"
does "a guess that is wrong is skipped once" ident "offer kex nonsense@example.com,curve25519-sha256" \
    "kexinit-send guess" "send 1e$(str wrong)" kexinit-recv "${logged_in[@]}"
does "two packets behind a wrong guess" ident "offer kex nonsense@example.com,curve25519-sha256" \
    "kexinit-send guess" "send 1e$(str wrong)" "send 1e$(str wrong)" "expect-close 3"

# ---- the transport layer, after the login --------------------------------------------------
login=(ident kex service "auth $SSH_USER $SSH_KEY" "see 80") # all host keys, right behind success
done_well=(open "exec true" "wait-exit 0" wait-close)
does "IGNORE, DEBUG, UNIMPLEMENTED, PONG: nothing comes back" "${login[@]}" "send 02$(str chaff)" \
    "send 0401$(str words)$(str en)" "send 0300000007" "send c1$(str pong)" "quiet 100" "${done_well[@]}"
does "the same before the login" ident kex "send 02$(str chaff)" "send 0400$(str words)00000000" "send 0300000001" \
    "send c1$(str pong)" service "auth $SSH_USER $SSH_KEY" "${done_well[@]}"
does "PING before the login is dropped" ident kex "send c0$(str early)" service "auth $SSH_USER $SSH_KEY" \
    "see 80" "quiet 100" "${done_well[@]}"
does "PING while keys are exchanged is refused" "${login[@]}" kexinit-send "send c0$(str late)" "expect-close 2"
does "IGNORE and DEBUG while keys are exchanged" "${login[@]}" kexinit-send "send 02$(str chaff)" \
    "send 0400$(str words)00000000" kex "${done_well[@]}"
does "IGNORE in a strict first exchange" ident kexinit-send "send 02$(str chaff)" "expect-close 2"
does "IGNORE in a first exchange that is not strict" "markers off" ident "send 02$(str chaff)" kexinit-send \
    "send 02$(str chaff)" "${logged_in[@]}"
# The sequence numbers begin anew with NEWKEYS: SERVICE_REQUEST is 0, USERAUTH_REQUEST 1.
does "UNIMPLEMENTED names the record" "${login[@]}" "send c8" "see 3 0300000002" "send c9$(str more)" \
    "see 3 0300000003" "${done_well[@]}"
does "global requests are answered in order" "${login[@]}" "send 50$(str keepalive@openssh.com)01" "see 82" \
    "send 50$(str keepalive@openssh.com)00" "send 50$(str nonsense@example.com)01" "see 82" "quiet 100" "${done_well[@]}"
does "DISCONNECT ends the connection without a word" "${login[@]}" disconnect "expect-close 0"

# A probe after a second of silence, which any answer will do for; chaff after a key. The
# dataplane may have the new configuration a moment after the command's end.
cp "$CONF" "$work/conf"
set_conf() { cat "$work/conf" >"$CONF" && printf '%s\n' "$@" >>"$CONF" && $CTL reload >/dev/null; }
steps() { client "$client_bin" "timeout 5" "connect $HOST $PORT" "${login[@]}" "$@"; }
set_conf "ClientAliveInterval 1" "ClientAliveCountMax 30" "ChaffInterval 20"
check "our keepalive asks for an answer" until_true 60 steps "see 80 50$(str keepalive@openssh.com)01" "send 52" \
    "see 80 50$(str keepalive@openssh.com)01" "send 51" "${done_well[@]}"
check "chaff follows a key" until_true 60 steps open "exec cat" "data k" "see 2" "see 2" "data l" eof "wait-exit 0"
set_conf
finish
