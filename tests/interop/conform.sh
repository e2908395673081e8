#!/bin/bash
# Every row of abi/README.md's table that a peer can see: the conformance plugin
# (tests/abi/conform) does what it is asked for, a method of the ABI for a word, and the
# scripted client looks at what that is on the wire. A check's name begins with its rows.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roles.sh"
bed_up --set 'Subsystem conform plugin:conform' --set 'Subsystem asks plugin:asks'
dir=$ROOT/run/postern-inst/plugins
# For all connections; and for each login, whose host alone may ask its peer for something.
install -m 644 "${BIN:-build/bin}/tests/conform.so" "$dir/"
install -m 644 "${BIN:-build/bin}/tests/conform.so" "$dir/asks.so"
printf '%s\n' 'RunAs service' 'RestartDelayMax 0' 'OpenQueue 2' 'Serves open open@conform' >"$dir/conform.conf"
printf '%s\n' 'RunAs user' 'Serves global global@conform' 'Opens back@conform' 'Requests ask@conform' >"$dir/asks.conf"
$CTL reload >/dev/null

hello=("connect $HOST $PORT" ident kexinit kexdh newkeys service "auth $SSH_USER $SSH_KEY")
begin=(open "subsystem conform")
asks=(open "subsystem asks")
over=(close wait-close)

# walk STEP...: on a connection that goes on until a step fails, by a new one then. Each
# check leaves it without a channel, so that the first one is channel 0.
walk() {
	local step
	if [ -z "${SC_PID:-}" ] || ! kill -0 "$SC_PID" 2>/dev/null; then
		script_client 300
		sc_pid=$SC_PID
		for step in "${hello[@]}"; do say "$step" || return 1; done >"$work/hello"
	fi
	for step; do
		say "$step" || { wait "$sc_pid"; return 1; }
	done 2>/dev/null
}
on() { walk "${begin[@]}" "$@" "${over[@]}"; }       # a channel of the plugin's
narrow() { walk "open-as session 10 100" open-recv "subsystem conform" "$@" "${over[@]}"; } # whose window is 10
row() { local name=$1; shift; check "$name" on "$@"; }
# A connection of its own: one that the server ends, or the client.
alone() { LIMIT=90 client "${BIN:-build/bin}/tests/script-client" "${hello[@]}" "$@"; }
said() { local text=$1; shift; "$@" >"$work/said"; local r=$?; cat "$work/said"; [ $r -eq 0 ] && grep -q "$text" "$work/said"; }
hex() { printf %s "$1" | od -An -v -tx1 | tr -d ' \n'; }
str() { printf '%08x' "${#1}"; hex "$1"; }

served() { on "ask nothing"; }
check "the plugin is served" until_true 20 served
check "a window to compare with" said 'window=[1-9]' walk open "${over[@]}"
W=$(sed -n 's/^channel .*window=//p' "$work/said")

crashed() { # whose channels end, and nobody else's
	walk open "subsystem echo" "${begin[@]}" "ask-send crash" wait-exit "${over[@]}" "channel 0" "data still" \
	    "expect-data still" "${over[@]}"
}
check "D15 a plugin dies: its channels end, another's goes on" crashed
check "D15 the next channel is served" until_true 20 served

# For G15: its exchange has to be some time ago.
mkfifo "$work/old.in"
exec {old}<>"$work/old.in"
alone "${begin[@]}" "pause old" "ask rekey" "wait-rekey 2" "ask nothing" disconnect <"$work/old.in" >"$work/old.out" 2>&1 &
old_pid=$! old_since=$SECONDS

# ---- A: what it is ----

check "A1 a type that nobody serves: 3" walk "open-send nothing@conform" "refused 3"
check "A1, B9 the plugin's word on an open: 1 to 4" walk "open-as open@conform 1000 1000 denied" "refused 1" \
    "open-as open@conform 1000 1000 failed" "refused 2" "open-as open@conform 1000 1000 nosuch" "refused 3" \
    "open-as open@conform 1000 1000 nomem" "refused 4"
tagged() { on "ask label tagged" "ask log here" && until_true 10 grep -q 'plugin conform: channel [0-9]* tagged: here' "$LOG"; }
check "A2 log lines have the channel and its label" tagged
row "A3, C12, C13 the window at first, and grown" "ask get 4" "expect-data 4=$W." "ask grow 100000 1" "window $((W + 100000))"
row "A4, C13 what is not taken shuts the window" "ask take 0" "zeros $W" "ask get 13" "expect-data 13=0." "ask get 2" \
    "expect-data 2=$W." "window 0" "ask take 1" "window $W"
check "A4 a byte beyond the window ends the connection" alone "${begin[@]}" "ask take 0" "zeros $W" "packet 0 1" "expect-close 2"
row "A5 our maximum packet" "ask get 5" "expect-data 5=32768."
check "A5 a larger one ends the connection" alone "${begin[@]}" "packet 0 32769" "expect-close 2"
check "A6, C14 send window at first, and what is left" walk "open-as session 1000 1000" open-recv "subsystem conform" \
    "ask get 10" "expect-data 10=1000." "ask get 12" "expect-data 12=991." "${over[@]}"
check "A6 beyond 2^32-1 ends the connection" alone "${begin[@]}" "adjust 4294967295" "expect-close 2"
check "A7 no message is larger than the peer's maximum" walk "open-as session 100000 7" open-recv "subsystem conform" \
    "ask get 11" "expect-data 11=7." "ask write 0 1000" "wait-bytes 1006" "ask nothing" "came 1006" "${over[@]}"
check "A7 a maximum of 0 ends the connection" alone "open-as session 1000 0" "expect-close 2"
same_connection() {
	walk "${begin[@]}" "out $work/of.0" "ask of" "expect-data $SSH_USER." "${begin[@]}" "out $work/of.1" "ask of" \
	    "expect-data $SSH_USER." "${over[@]}" "channel 0" "${over[@]}" && grep . "$work/of.0" && cmp "$work/of.0" "$work/of.1"
}
check "A8 channels know their connection" same_connection
row "A9, J7 who it is" "ask text 1" "expect-data 1=$SSH_USER." "ask text 2" "expect-data 2=/home/$SSH_USER." "ask text 3" \
    "expect-data 3=/bin/bash." "ask text 4" "expect-data 4=publickey." "ask text 5" \
    "expect-data 5=ssh-ed25519 $(ssh-keygen -lf "$SSH_KEY" | awk '{ print $2 }')." "ask number 32" "expect-data 32=64301." \
    "ask number 36" "expect-data 36=0." "ask text 8" "expect-data 8=." "ask not 6 number 38"
check "A10, B2 a channel toward the peer, with its bytes, is refused" said "$(hex back@conform).*$(hex from-here)" walk "${asks[@]}" \
    "ask-send back back@conform from-here" "expect 90" reply "ask nothing" "ask told" "expect-data opened -7 1 ." "${over[@]}"
check "B2, B4 one that the peer takes" walk "accept on" "${asks[@]}" "ask-send back back@conform x" "expect 90" reply "ask nothing" \
    "ask told" "expect-data opened 0 0 ." "channel 1" "data hello" "ask told" "expect-data data 5 " "${over[@]}" "channel 0" "${over[@]}" "accept off"
check "B4 a type that the plugin's configuration does not list" walk "${asks[@]}" "ask back other@conform x" "ask nothing" \
    "ask told" "expect-data opened -7 " "${over[@]}"
row "B4 nobody's host has no peer to ask" "ask not 7 back back@conform x"
row "A11, D2 EOF of the peer is no end for the other direction" "ask get 6" "expect-data 6=0." eof "ask get 6" "expect-data 6=1." \
    "ask say 0 still" "expect-data still"
row "A12 addresses and ports" "ask text 6" "expect-data 6=10.77.0.2." "ask text 7" "expect-data 7=$HOST." "ask number 35" "expect-data 35=$PORT."

# ---- B: opens ----

check "B1 the plugin gets the bytes of an open" walk "open-as open@conform 100000 1000 some-body" open-recv "ask start" \
    "expect-data start 4 open@conform [some-body]" "${over[@]}"
later="open-as open@conform 100000 1000 later"
check "B3 as many opens wait as may, the next one is refused: 4" walk "$later" "$later" "$later" "refused 4" "${begin[@]}" \
    "ask admit 1" "channel 0" open-recv "ask nothing" "channel 1" open-recv "${over[@]}" "channel 0" "${over[@]}" "channel 2" "${over[@]}"
check "B3 one that waits is refused" walk "$later" "${begin[@]}" "ask admit 0" "channel 0" "refused 1" "channel 1" "${over[@]}"
check "B5 no session beyond MaxSessions" alone open open open open open open open open open open '!open' disconnect
check "B5 no-more-sessions" alone "${begin[@]}" "global no-more-sessions@openssh.com" open-send expect-close

# ---- C: data ----

row "C1 the window opens by what is consumed, by hand" "ask set 9 1" "zeros $W" "ask get 3" "expect-data 3=$W." "window 0" \
    "ask not 4 consume $((W + 1))" "ask consume $W" "window $W"
row "C2 extended data with its type" "extended 1 abc" "extended 7 de" "ask told" "expect-data data 0 extended 5 stream 7:"
mapfile -t filled < <(for _ in $(seq $((W / 32768))); do echo "packet 1 32768"; done)
row "C2 it shares the window, which is opened again" "ask take 0" "${filled[@]}" "ask nothing" "window 0" "ask take 1" "window $W"
check "C3, C6 what is written waits for the window, and follows at once" narrow "ask write 0 25" "wait-bytes 10" "ask nothing" \
    "came 10" "adjust 15" "wait-bytes 25" "ask nothing" "came 25"
row "C4 streams keep the order of the writes" "ask say 1 err" "ask say 0 out" "ask say 1 end" "expect-data erroutend" "came 3 6"
row "C5 pieces, in one go" "ask pieces ab cd ef" "expect-data abcdef"
check "C7 a write that was short is followed by writable" narrow "ask write 0 10" "wait-bytes 10" "ask try 5" "adjust 1000" \
    "ask nothing" "ask told" "expect-data took 0.writable "
check "C8 a write takes what the window has" narrow "ask write 0 4" "wait-bytes 4" "ask try 25" "wait-bytes 10" "adjust 1000" \
    "ask told" "expect-data took 6."
row "C9 read takes at most what is asked for" "ask take 0" "data hello" "ask read 3" "expect-data read 0 hel." "ask read 10" \
    "expect-data read 0 lo." "ask not 2 read 1" "extended 9 x" "ask read 10" "expect-data read 9 x."
row "C10 discard gives the window back" "ask take 0" "zeros $W" "ask nothing" "window 0" "ask discard" "window $W" "ask get 2" "expect-data 2=0."
row "C11 extended data merged" "ask set 17 1" "extended 1 abc" "ask told" "expect-data data 3 extended 0 stream 0:"
row "C11 ignored, and the window is opened again" "ask set 17 2" "ask take 0" "${filled[@]}" "ask grow 0 1" "window $W" "ask told" "expect-data data 0 extended 0 "
row "C13 what the peer may still send" "ask take 0" "data hello" "ask get 13" "expect-data 13=$((W - 5))." "ask discard"
row "C15 readiness: data, another stream" "ask take 0" "ask await 1" "data x" "ask nothing" "ask get 14" "expect-data 14=5." "ask told" \
    "expect-data ready 1." "ask discard" "ask await 2" "extended 1 x" "ask nothing" "ask told" "expect-data ready 1.ready 2." "ask discard"
check "C17 bytes that came before the start" walk open "data early" "subsystem conform" "ask told" "expect-data data 5 " "${over[@]}"
row "C18, D11 data, then the status, then CLOSE" "ask write 0 100000" "ask-send end 3" "wait-exit 3" "came 100000" wait-eof

# ---- D: ends ----

check "D1 EOF needs no window, and nothing follows it" narrow "ask write 0 10" "wait-bytes 10" "ask eof" wait-eof "ask not 5 say 0 x" "ask not 5 eof"
row "D2 EOF is told when all was taken" "ask take 0" "data hello" eof "ask nothing" "ask get 14" "expect-data 14=5." "ask take 1" \
    "ask nothing" "ask told" "expect-data data 5 extended 0 stream 0: eof."
row "D4, D6 EOF after the second of two producers" "ask hold" "ask hold" "ask eof" "ask release" "ask nothing" "not eof" \
    "ask say 0 more" "expect-data more" "ask release" wait-eof
row "D6 so does CLOSE" "ask hold" "ask close" "ask nothing" "not closed" "ask-send release" wait-exit
check "D5 CLOSE needs no window" narrow "ask write 0 10" "wait-bytes 10" "ask-send close" wait-exit "came 10"
row "D7 both close at once" "ask-send close"
told() { on "out $work/closed" "ask closed" "expect-data ." && read -r _ both lost _ <"$work/closed"; }
once() { told && local before=$both && on && told && is $((before + 2)) echo "$both"; }
check "D8 closed is told once" once
row "D9 abort" "ask-send abort" wait-exit
check "D13 a signal" said 'exit-signal TERM' on "ask signal TERM 1 because" wait-exit
check "D14 one of our own" said 'exit-signal LOST@conform' on "ask signal LOST@conform 0 because" wait-exit
lost_three() { told && is $((lost_before + 3)) echo "${lost%.*}"; }
check "D10, K7 the connection's state before" told
lost_before=$lost
check "D10, K7 three channels, and the connection breaks" alone "${begin[@]}" "${begin[@]}" "${begin[@]}" "ask nothing" drop
check "D10, K7 each is told, once, and why" until_true 20 lost_three

# ---- E: requests ----

row "E1 unknown: failure where a reply is wanted, else silence" "request nothing@conform" failure "notify nothing@conform" "ask nothing"
row "E1 replies in the order of the requests" "ask later 1" "request one@conform" "request two@conform" "ask-send answer 1 1" \
    "ask-send answer 0 0" "expect 100" "expect 99" "expect 99" "expect 99"
check "E2, E4 terminal, modes, environment" walk open "pty vt220 91 31" "env LANG there" "request env $(str SECRET)$(str x)" failure \
    "subsystem conform" "ask start" "expect-data start 3 conform [] term vt220 91x31 modes 1 env LANG=there" "${over[@]}"
check "E3 window-change, without a reply" walk open pty "subsystem conform" "window-change 99 45" "ask told" "expect-data size 99x45." "${over[@]}"
row "E5, E8 a channel is started once" "subsystem-send conform" failure
check "E7 a subsystem that nobody serves" walk open "subsystem-send nothing" failure "${over[@]}"
row "E11 a signal of the peer" "signal USR1" "ask told" "expect-data signal USR1."
row "E12 a break, within its bounds" "request break 0000000a" reply "ask told" "expect-data break 500."
check "E13 eow" said "$(str eow@openssh.com)00" on "ask-send request eow@openssh.com" "expect 98" reply

# ---- F, G, H: the connection ----

ask_global="send 50$(str global@conform)01"
check "F6 global requests: replies in their order, with their bytes" said '^record 51626f6479$' alone "${asks[@]}" "$ask_global" "$ask_global" \
    "expect 81" "expect 82" disconnect
check "F6 one that nobody serves" said 'global-reply failure' alone "global nothing@conform" disconnect
check "F6 toward the peer, and its answer" walk "${asks[@]}" "ask-send global ask@conform x" "expect 80" reply "ask nothing" \
    "ask told" "expect-data answered 0 ." "${over[@]}"
row "F8 IGNORE is taken" "send 020000000461626364" "ask nothing"
negotiated() { sed -n "s/^negotiated .*$1=\([^ ]*\).*/\1/p" "$work/hello"; }
id() { sed -n 's/^session-id //p' "$work/hello"; }
row "G3 the peer's identification" "ask text 11" "expect-data 11=SSH-2.0-postern_script."
row "G8 negotiated names" "ask text 12" "expect-data 12=$(negotiated kex)." "ask text 13" "expect-data 13=$(negotiated host-key)." \
    "ask text 14" "expect-data 14=$(negotiated cipher)." "ask text 15" "expect-data 15=$(negotiated cipher)." "ask text 18" "expect-data 18=none."
row "G11 the session id, which stays" "ask text 10" "expect-data 10=$(id)." rekey "ask text 10" "expect-data 10=$(id)."
row "H6 encrypted and verified, both ways" "ask number 39" "expect-data 39=3." "ask number 40" "expect-data 40=3."
renewed() {
	until_true 20 grep -q "AT old" "$work/old.out" || return 1
	# Not within ten seconds of the first exchange.
	while [ $((SECONDS - old_since)) -lt 12 ]; do sleep 0.2; done
	echo >&"$old"
	wait "$old_pid" || { cat "$work/old.out"; return 1; }
}
check "G15 new keys, asked for by the plugin" renewed
finish
