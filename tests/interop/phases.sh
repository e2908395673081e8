#!/bin/bash
# Every role killed in every phase of key exchange and authentication: the
# scripted client pauses there, and then logs in on that same connection.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roles.sh"
bed_up

# The steps of a login in order; a step NAME-send is followed by its NAME-recv.
steps=("connect $HOST $PORT" ident-send ident-recv kexinit-send kexinit-recv kexdh-send kexdh-recv newkeys-send
    newkeys-recv service-send service-recv "auth-none-send $SSH_USER" auth-recv
    "auth-query-send $SSH_USER $SSH_KEY" auth-recv "auth-send $SSH_USER $SSH_KEY" auth-recv)

# login_through ROLE PHASE-INDEX [CODE]: kill before that step; when the step before
# it was a -send, the role was stopped before the send, so that its request waits. The
# login succeeds all the same; with CODE the connection is closed with it instead.
login_through() {
	local role=$1 at=$2 code=${3:-} i old bad=0 stopped=0
	script_client 60
	for i in "${!steps[@]}"; do
		if [ "$i" -eq $((at - 1)) ]; then
			case ${steps[i]} in *-send*) signal_role STOP "$role" && stopped=1 ;; esac
		fi
		if [ "$i" -eq "$at" ]; then
			old=$(role_pids "$role")
			signal_role KILL "$role" || bad=1
			# A response that overtakes the news would be a failed try.
			[ "$role" != pam ] || until_true 5 grep -q "ended without a verdict" "$LOG" || bad=1
			stopped=0
		fi
		case "$code ${steps[i]}" in
		[0-9]*-success-recv) say "expect-close $code" || bad=1 && break ;;
		*) say "${steps[i]}" || { echo "step ${steps[i]}"; bad=1; break; } ;;
		esac
	done
	[ $stopped -eq 1 ] && signal_role CONT "$role"
	if [ $bad -eq 0 ] && [ -z "$code" ]; then
		for i in open "exec echo alive" "expect-data alive" "wait-exit 0"; do
			say "$i" || { bad=1; break; }
		done
	fi
	exec {to}>&- 
	wait "$SC_PID" 2>/dev/null
	[ "$role" = pam ] || until_true 10 role_back "$role" "$old" || { echo "$role did not come back"; bad=1; }
	return $bad
}

for role in ${ONLY:-$ROLES}; do
	for at in $(seq 1 ${#steps[@]}); do
		[ "$at" -lt ${#steps[@]} ] || continue
		before=${steps[at - 1]%% *}
		check "$role killed after $before, before ${steps[at]%% *}" login_through "$role" "$at"
	done
done

# The same in the middle of a password, and of a dialogue. A gate's successor goes on
# with it; a prompt whose warden, or whose PAM child, is gone cannot be answered: that
# is told, with the code of a protocol error.
steps=("connect $HOST $PORT" ident kex service "auth-password-send $SSH_USER $SSH_PASSWORD" auth-success-recv)
password_at=5
for role in ${ONLY:-gate warden all}; do
	check "$role killed after a password" login_through "$role" $password_at
done
steps=("connect $HOST $PORT" ident kex service "auth-kbdint-send $SSH_USER" auth-prompt-recv
    "auth-response-send 1 $SSH_PASSWORD" auth-success-recv)
for role in ${ONLY:-gate warden supervisor all pam}; do
	case $role in
	warden | supervisor | all | pam) code=2 ;;
	*) code= ;;
	esac
	[ "$role" = pam ] || check "$role killed after a dialogue was asked for" login_through "$role" 5
	check "$role killed while a prompt is out" login_through "$role" 6 $code
	[ "$role" = pam ] || check "$role killed after the response" login_through "$role" 7 $code
done
finish
