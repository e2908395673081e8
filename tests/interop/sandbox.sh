#!/bin/bash
# What each role may do. Every role is made to try everything in the list, with
# its own identity and filter; only what its row allows may succeed.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roles.sh"
bed_up
inject=${BIN:-build/bin}/tests/inject

# ROLE: what it may do besides computing and answering.
# Supervisor, pam and login are root without a filter: their children must be
# free. They are not in this list; they parse nothing that a peer sent.
declare -A may=(
	[dp]=""
	[keeper]=""
	[warden]="read=/etc/passwd"
	[reader]="read=/etc/passwd read=/etc/shadow"
	[gate]=""
	[clerk]=""
	[console]=""
	[host]="read=/etc/passwd"
	[servicehost]="read=/etc/passwd"
)
key=/etc/postern/ssh_host_ed25519_key
tries="read=/etc/passwd read=/etc/shadow read=$key create=/tmp/sandbox-was-here socket-inet socket-inet6 socket-unix
    socket-packet socket-netlink exec=/bin/true ptrace=PID vmread=PID read=/proc/PID/mem signal=PID setuid-root chroot
    mount userns=0x10000000 bpf fork exec-memory dumpable keyctl perf io-uring module"

# A login keeps a user host, the echo subsystem a service host.
keep() {
	client ssh "${ssh_opts[@]}" "$SSH_USER@$HOST" 'sleep 300' </dev/null &
	sleep 300 | client ssh "${ssh_opts[@]}" -s "$SSH_USER@$HOST" echo >/dev/null &
	until_true 10 test "$(role_pids host | wc -w)" -ge 2 2>/dev/null
	local i
	for i in $(seq 1 100); do [ "$(role_pids host | wc -w)" -ge 2 ] && return 0; sleep 0.1; done
	return 1
}
user_host() { local p; for p in $(role_pids host); do [ "$(uid_of "$p")" = 64301 ] && echo "$p"; done | head -n 1; }
service_host() { local p; for p in $(role_pids host); do [ "$(uid_of "$p")" != 64301 ] && echo "$p"; done | head -n 1; }
uid_of() { awk '/^Uid:/ { print $2 }' "/proc/$1/status"; }
pid_of() {
	case $1 in
	host) user_host ;;
	servicehost) service_host ;;
	*) role_pids "$1" | cut -d' ' -f1 ;;
	esac
}

one_role() { # ROLE: each try, each on a process that may die of it
	local role=$1 try word pid verdict bad=0 other
	for word in $tries; do
		other=$(role_pids keeper | cut -d' ' -f1)
		[ "$role" = keeper ] && other=$(role_pids warden | cut -d' ' -f1)
		until_true 10 pid_is_there "$role" || { echo "$role is not there"; return 1; }
		pid=$(pid_of "$role")
		try=${word//PID/$other}
		verdict=$("$inject" "$pid" "$try" 2>&1)
		case "$verdict" in
		*" denied "* | *" killed"*)
			case " ${may[$role]} " in *" $word "*) echo "$role should be able to: $verdict"; bad=1 ;; esac
			;;
		*" allowed")
			case " ${may[$role]} " in *" $word "*) ;; *) echo "$role could: $verdict"; bad=1 ;; esac
			;;
		*) echo "$role: $verdict"; bad=1 ;;
		esac
		case $verdict in
		*" killed")
			case $role in
			host | servicehost) keep || { echo "no host again"; return 1; } ;;
			dp) until_true 10 ssh_to true; keep ;;
			esac
			;;
		esac
	done
	return $bad
}
pid_is_there() { [ -n "$(pid_of "$1")" ]; }

threads() { # ROLE: each thread: filter, no capability, no new privileges, not root
	local pid t bad=0 caps
	pid=$(pid_of "$1")
	for t in /proc/"$pid"/task/*; do
		grep -q '^Seccomp:.*2$' "$t/status" || { echo "$t: no filter"; bad=1; }
		grep -q '^NoNewPrivs:.*1$' "$t/status" || { echo "$t: new privileges possible"; bad=1; }
		caps=$(awk '/^Cap(Inh|Prm|Eff|Bnd|Amb):/ { print $2 }' "$t/status" | sort -u | tr '\n' ' ')
		if [ "$1" != reader ]; then
			[ "$caps" = "0000000000000000 " ] || { echo "$t: capabilities $caps"; bad=1; }
			awk '/^Uid:/ { exit !($2 != 0 && $2 == $3 && $3 == $4 && $4 == $5) }' "$t/status" || { echo "$t: root"; bad=1; }
		fi
	done
	[ "$(stat -c %u /proc/"$pid"/environ)" = 0 ] || { echo "pid $pid can be dumped"; bad=1; }
	[ "$(awk '/^Max core file size/ { print $5 $6 }' /proc/"$pid"/limits)" = 00 ] || { echo "cores"; bad=1; }
	return $bad
}

free() { # a user's program has none of it
	ssh_to 'grep -E "^(Seccomp|NoNewPrivs|CapBnd):" /proc/self/status' >"$work/free" || return 1
	grep -q '^Seccomp:.*0$' "$work/free" && grep -q '^NoNewPrivs:.*0$' "$work/free" &&
	    [ "$(awk '/CapBnd/ { print $2 }' "$work/free")" = "$(awk '/CapBnd/ { print $2 }' /proc/self/status)" ]
}

check "a user host and a service host are up" keep
for role in dp keeper warden reader gate clerk console host servicehost; do
	check "$role: every thread is confined, and not dumpable" threads $role
done
for role in dp keeper warden reader gate clerk console host servicehost; do
	check "$role may do what its row says and nothing else" one_role $role
done
check "a user's program is not confined" free
check "the tries can succeed: an unconfined process of root is allowed" bash -c "sleep 60 & $inject \$! socket-inet && kill \$!"
finish
