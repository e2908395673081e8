#!/bin/bash
# The dataplane killed with -9: everything of its sessions is cleaned up, service
# is back, with new secrets, and no key is left in any memory. And a host killed.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roles.sh"
bed_up
tests_bin=${BIN:-build/bin}/tests
scan=$tests_bin/memscan

# ---- keys -------------------------------------------------------------------
secrets=$work/secrets
script_client 100
logged_in() {
	local s
	for s in "connect $HOST $PORT" ident kexinit kexdh newkeys service "auth $SSH_USER $SSH_KEY" open shell rekey \
	    "line echo alive" "expect-data alive" "keys-to $secrets"; do
		say "$s" || return 1
	done
	[ -s "$secrets" ]
}
# The client's test of itself: the dataplane does hold its keys, in live use.
in_dataplane() { "$scan" "$secrets" $(role_pids dp); [ $? -eq 1 ]; }
planted() {
	local hex pid got
	hex=$(awk 'length($2) >= 32 { print $2; exit }' "$secrets")
	coproc HOLD { exec "$scan" --hold "$hex"; }
	read -r -t 5 -u "${HOLD[0]}" pid
	"$scan" "$secrets" "$pid" >"$work/planted"
	got=$?
	kill "$pid"
	wait "$pid" 2>/dev/null
	grep -q 'memfd' "$work/planted" && [ $got -eq 1 ]
}
clean() { # ROLE...: the roles' memory holds no secret of the connection
	local pids= r
	for r in "$@"; do pids="$pids $(role_pids "$r")"; done
	# shellcheck disable=SC2086
	"$scan" "$secrets" $pids
}
check "a scripted client logs in, rekeys, and knows its keys" logged_in
check "the search finds a key that was planted in heap and memory file" planted
check "the search finds the keys where they belong, in the dataplane" in_dataplane
check "no key and no shared secret in gate, clerk, keeper" clean gate clerk keeper
check "none in hosts, leaders, warden, reader, supervisor, console" clean host login warden reader supervisor console

# ---- the dataplane's death ------------------------------------------------------
isn() { client "$tests_bin/isn" 10.77.0.2 33999 "$HOST" "$PORT"; }
predictable() { # A-SEQ A-TIME B-SEQ B-TIME: does B follow A on the 4 us clock?
	local d=$((($3 - $1 - ($4 - $2) / 4) & 0xffffffff))
	[ $d -lt 65536 ] || [ $d -gt $((0x100000000 - 65536)) ]
}
death() {
	local old_hosts p start before again after bad=0
	client ssh "${ssh_opts[@]}" -o ControlMaster=yes -o ControlPath="$work/ctl" -fN "$SSH_USER@$HOST" || return 1
	client ssh -F none -o ControlPath="$work/ctl" -tt x 'sleep 600' &
	has_program() { local p; for p in $(user_pids); do grep -q sleep "/proc/$p/comm" && return 0; done; return 1; }
	until_true 5 has_program || { echo "no program"; return 1; }
	old_hosts="$(role_pids host) $(role_pids login)"
	before=$(isn) && again=$(isn) || return 1
	# shellcheck disable=SC2086
	predictable $before $again || { echo "sequence numbers of one secret are not on its clock: $before, $again"; bad=1; }
	start=$(millis)
	signal_role KILL dp || return 1
	until_true 10 ssh_to true || { echo "service did not come back"; return 1; }
	start=$(($(millis) - start))
	echo "service was back after $start ms"
	[ $start -le 3000 ] || bad=1
	after=$(isn) || return 1
	# shellcheck disable=SC2086
	! predictable $before $after || { echo "the same secret: $before, $after"; bad=1; }
	gone_all() { for p in $old_hosts; do [ ! -e "/proc/$p" ] || return 1; done; }
	until_true 5 gone_all || { echo "hosts or leaders are left"; bad=1; }
	no_programs() { [ -z "$(user_pids)" ]; }
	until_true 5 no_programs || { echo "the user's program is left"; bad=1; }
	no_sessions() { [ "$($CTL --json sessions | grep -c '"user"')" -eq 0 ]; }
	until_true 5 no_sessions || { echo "sessions are still listed"; bad=1; }
	return $bad
}
check "postern-dp killed: cleaned up, back within 3 s, new secrets" death
check "no key is left in any process, memory file or huge page" bash -c "$scan $secrets \$($PIDS_CMD)"

# ---- a host's death ---------------------------------------------------------------
host_killed() {
	local bad=0 one two
	client ssh "${ssh_opts[@]}" -o ControlMaster=yes -o ControlPath="$work/h" -fN "$SSH_USER@$HOST" || return 1
	client ssh -F none -o LogLevel=ERROR -o ControlPath="$work/h" x 'echo up; exec sleep 500' >"$work/victim" &
	one=$!
	until_true 5 grep -q up "$work/victim" || return 1
	ssh_to 'echo up; read line; echo "got $line"' >"$work/other" < <(sleep 2; echo through) &
	two=$!
	until_true 5 grep -q up "$work/other" || return 1
	kill -9 "$(role_pids host | tr ' ' '\n' | sort -n | head -n 1)" || return 1
	wait $one && { echo "its channel ended as if all were well"; bad=1; }
	wait $two && grep -q 'got through' "$work/other" || { echo "another connection's channel ended too"; bad=1; }
	is again client ssh -F none -o LogLevel=ERROR -o ControlPath="$work/h" x 'echo again' || bad=1
	client ssh -F none -o ControlPath="$work/h" -O exit x 2>/dev/null
	return $bad
}
check "a host killed: its channels end, others go on, the next open works" host_killed
exec {to}>&-
finish
