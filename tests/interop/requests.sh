# Sourced after lib.sh, roles.sh and bed_up: requests that are outstanding at a role.
#
# Each request is a connection of the scripted client: what it does BEFORE, what
# is ASKED while the role is stopped, its ANSWER, and what follows AFTER. `stuck`
# says which requests a role must have its part in: with that role stopped those
# get no answer (the server's TCP has acknowledged them, and no byte comes), and
# all others get theirs.
#
#   requests_ready ROLE      every connection stands before its request
#   requests_send ROLE       the role is stopped: ask; the stuck ones stay without answer
#   requests_finish ROLE     the role is back: the stuck ones are answered, what they
#                            started ran exactly once; every connection goes on with a
#                            rekey, a new channel and an exit status

REQUESTS="open exec again shell change rekey sign first firstsign query proof status"

declare -A stuck=(
	[gate]="first firstsign query proof"
	[clerk]="open exec again shell rekey sign"
	[keeper]="sign firstsign"
	[warden]="query proof"
	[reader]="query proof"
	[console]="status"
	[supervisor]="exec again shell sign firstsign proof status"
	[all]="open exec again shell rekey sign first firstsign query proof status"
)
# KEXINIT is answered without these roles: `sign` and `firstsign` are what is theirs.
declare -A apart=([keeper]="rekey first" [supervisor]="rekey first")

# Steps, a line each.
hello="connect $HOST $PORT
ident
kexinit
kexdh
newkeys
service"
authenticate="auth $SSH_USER $SSH_KEY"
# GLOBAL_REQUEST, with all host keys, comes right behind success.
login="$hello
$authenticate
see 80"
leave_a_line() { echo "echo x >>once.$1; echo r'an'"; } # and say "ran"
ran="reply
expect-data ran
wait-exit 0"

declare -A before asked answer after

before[open]=$login
asked[open]="open-send"
answer[open]="open-recv"
after[open]="exec $(leave_a_line open)
expect-data ran
wait-exit 0"

# The first program of a login: its leader and its host are not there yet.
before[exec]="$login
open"
asked[exec]="exec-send $(leave_a_line exec)"
answer[exec]=$ran

# And one more, when they are.
with_host="$login
open
exec true
wait-exit 0
wait-close
open"
before[again]=$with_host
asked[again]="exec-send $(leave_a_line again)"
answer[again]=$ran

# The window-change comes before the shell is there.
before[shell]="$with_host
pty xterm 80 24"
asked[shell]="window-change 91 31
shell-send"
answer[shell]="reply
line $(leave_a_line shell); stty size
expect-data ran
expect-data 31 91"
after[shell]="window-change 99 45
line stty size
expect-data 45 99
line exit 7
wait-exit 7"

# A running shell's goes to its host, whoever else is stopped.
before[change]="$login
open
pty xterm 80 24
shell"
asked[change]="window-change 91 31"
answer[change]="line stty size
expect-data 31 91"
after[change]="line exit 7
wait-exit 7"

# Both of the client's messages at once, the second a guess that is right.
before[rekey]="$login
open
exec cat"
asked[rekey]="kexinit-send guess
kexdh-send"
answer[rekey]="kex
line alive
expect-data alive"
after[rekey]="eof
wait-exit 0"

before[sign]="${before[rekey]}
kexinit"
asked[sign]="kexdh-send"
answer[sign]=${answer[rekey]}
after[sign]=${after[rekey]}

# The exchange of a new connection.
before[first]="connect $HOST $PORT"
asked[first]="ident
kexinit-send guess
kexdh-send"
answer[first]="kex"
after[first]="service
$authenticate"

before[firstsign]="connect $HOST $PORT
ident
kexinit"
asked[firstsign]="kexdh-send"
answer[firstsign]="kex"
after[firstsign]=${after[first]}

before[query]=$hello
asked[query]="auth-query-send $SSH_USER $SSH_KEY"
answer[query]="auth-recv"
after[query]=$authenticate

before[proof]=$hello
asked[proof]="auth-send $SSH_USER $SSH_KEY"
answer[proof]="auth-recv"

# On every connection at the end.
rest="rekey
open
exec exit 9
wait-exit 9
disconnect"

requests_of() { # ROLE: what is sent by the scripted client
	local name
	for name in $REQUESTS; do
		case " status ${apart[$1]:-} " in *" $name "*) ;; *) echo "$name" ;; esac
	done
}

is_stuck() { # ROLE NAME
	case " ${stuck[$1]} " in *" $2 "*) ;; *) return 1 ;; esac
}

# Where its client is: "AT ready", "AT asked", or over.
said() { tail -n 1 "$work/requests/$1.out"; }
there_or_over() { case $(said "$1") in "AT $2" | ERROR*) ;; *) return 1 ;; esac; }
stands() { # NAME ready|asked
	until_true 15 there_or_over "$1" "$2" && [ "$(said "$1")" = "AT $2" ] || { echo "$1: $(said "$1")"; return 1; }
}

go_on() { echo >&"${line[$1]}"; }
ended() { ! kill -0 "${asker[$1]}" 2>/dev/null; }

steps_of() { # ROLE NAME
	printf '%s\n' "${before[$2]}" "pause ready" "${asked[$2]}"
	if is_stuck "$1" "$2"; then
		printf '%s\n' "quiet 300" "pause asked" "${answer[$2]}"
	else
		printf '%s\n' "${answer[$2]}" "pause asked"
	fi
	printf '%s\n' "${after[$2]:-}" "$rest"
}

declare -A line asker
requests_ready() {
	local name step steps fd bad=0
	rm -rf "$work/requests" "$ROOT"/home/tester/once.*
	mkdir "$work/requests"
	for name in $(requests_of "$1"); do
		steps=()
		while read -r step; do
			[ -n "$step" ] && steps+=("$step")
		done < <(steps_of "$1" "$name")
		mkfifo "$work/requests/$name.in"
		exec {fd}<>"$work/requests/$name.in"
		line[$name]=$fd
		client "${BIN:-build/bin}/tests/script-client" "${steps[@]}" <&"$fd" >"$work/requests/$name.out" 2>&1 &
		asker[$name]=$!
	done
	for name in $(requests_of "$1"); do stands "$name" ready || bad=1; done
	return $bad
}

requests_send() {
	local name bad=0
	$CTL status >"$work/requests/status.out" 2>&1 &
	asker[status]=$!
	for name in $(requests_of "$1"); do go_on "$name"; done
	for name in $(requests_of "$1"); do stands "$name" asked || bad=1; done
	if is_stuck "$1" status; then
		! ended status || { echo "posternctl status: $(said status), with $1 stopped"; bad=1; }
	else
		wait "${asker[status]}" || { echo "posternctl status: $(said status), with $1 stopped"; bad=1; }
	fi
	return $bad
}

once() { # NAME: what it leaves is there exactly once
	local runs
	case "${asked[$1]}${answer[$1]}${after[$1]:-}" in *"once.$1"*) ;; *) return 0 ;; esac
	runs=$(wc -l <"$ROOT/home/tester/once.$1")
	[ "$runs" -eq 1 ] || { echo "$1 ran $runs times"; return 1; }
}

# posternctl's own connection ends with the console, and it says so at once.
told_no_answer() {
	until_true 5 ended status || { echo "posternctl waits for a console that is gone"; return 1; }
	grep -q "no answer" "$work/requests/status.out" && $CTL status >/dev/null
}

requests_finish() {
	local name fd bad=0
	for name in $(requests_of "$1"); do go_on "$name"; done
	for name in $(requests_of "$1"); do
		wait "${asker[$name]}" || { echo "$name: $(said "$name")"; bad=1; }
		once "$name" || bad=1
		fd=${line[$name]}
		exec {fd}>&-
	done
	! is_stuck "$1" status || told_no_answer || bad=1
	return $bad
}
