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
	[sftphost]="read=/etc/passwd create=/tmp/sandbox-was-here"
	[servicehost]="read=/etc/passwd"
)
key=/etc/postern/ssh_host_ed25519_key
tries="read=/etc/passwd read=/etc/shadow read=$key create=/tmp/sandbox-was-here socket-inet socket-inet6 socket-unix
    socket-packet socket-netlink exec=/bin/true ptrace=PID vmread=PID read=/proc/PID/mem signal=PID setuid-root chroot
    mount userns=0x10000000 bpf fork exec-memory dumpable keyctl perf io-uring module"

# A login keeps a user host, one for its files, the echo subsystem a service host.
keep() {
	[ -n "$(sftp_host)" ] || sleep 300 | client ssh "${ssh_opts[@]}" -s "$SSH_USER@$HOST" sftp >/dev/null 2>&1 &
	[ -n "$(user_host)" ] || client ssh "${ssh_opts[@]}" "$SSH_USER@$HOST" 'sleep 300' </dev/null >/dev/null 2>&1 &
	[ -n "$(service_host)" ] || sleep 300 | client ssh "${ssh_opts[@]}" -s "$SSH_USER@$HOST" echo >/dev/null 2>&1 &
	until_true 10 all_hosts
}
all_hosts() { [ -n "$(user_host)" ] && [ -n "$(sftp_host)" ] && [ -n "$(service_host)" ]; }
user_host() { local p; for p in $(role_pids host); do [ "$(uid_of "$p")" = 64301 ] && loaded "$p" exec && echo "$p"; done | head -n 1; }
sftp_host() { local p; for p in $(role_pids host); do loaded "$p" sftp && echo "$p"; done | head -n 1; }
loaded() { grep -q "/$2\.so\$" "/proc/$1/maps"; }
service_host() { local p; for p in $(role_pids host); do [ "$(uid_of "$p")" != 64301 ] && echo "$p"; done | head -n 1; }
uid_of() { awk '/^Uid:/ { print $2 }' "/proc/$1/status"; }
pid_of() {
	case $1 in
	host) user_host ;;
	sftphost) sftp_host ;;
	servicehost) service_host ;;
	*) role_pids "$1" | cut -d' ' -f1 ;;
	esac
}

# One round of tries on a process that may die of one of them; the next round
# goes on behind it with the role's next process.
one_role() { # ROLE
	local role=$1 pid line word bad=0 other left last=
	other=$(role_pids keeper | cut -d' ' -f1)
	[ "$role" = keeper ] && other=$(role_pids warden | cut -d' ' -f1)
	case $role in host | sftphost | servicehost) keep || return 1 ;; esac
	# shellcheck disable=SC2086
	set -- ${tries//PID/$other}
	while [ $# -gt 0 ]; do
		until_true 10 pid_is_there "$role" || { echo "$role is not there"; return 1; }
		pid=$(pid_of "$role")
		left=$#
		while read -r line; do
			last=$line
			word=${line%% *}
			word=${word//$other/PID}
			case " ${may[$role]} " in
			*" $word "*) [ "${line##* }" = allowed ] || { echo "$role should be able to: $line"; bad=1; } ;;
			*) [ "${line##* }" != allowed ] || { echo "$role could: $line"; bad=1; } ;;
			esac
			shift
		done < <("$inject" "$pid" "$@" 2>&1)
		[ $# -lt "$left" ] || { echo "no answer from $pid"; return 1; }
		[ "${last##* }" != killed ] || until_true 15 revived "$role" "$pid" ||
		    { echo "$role did not come back"; return 1; }
	done
	return $bad
}
# revived ROLE PID: the old process is over, and another took its place and its
# sandbox (a host: on demand).
revived() {
	[ ! -e "/proc/$2" ] || return 1
	case $1 in
	host | sftphost | servicehost) keep ;;
	dp) ssh_to true && keep ;;
	*) role_back "$1" "$2" && sleep 0.6 ;; # long enough not to look like a crash loop
	esac
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

files() { # descriptors for every link there is a place for, or all that the hard limit gives
	awk '/^Max open files/ { exit !($4 >= 32768 || $4 == $5) }' /proc/"$(pid_of dp)"/limits
}

free() { # a user's program has none of it
	ssh_to 'grep -E "^(Seccomp|NoNewPrivs|CapBnd):" /proc/self/status' >"$work/free" || return 1
	grep -q '^Seccomp:.*0$' "$work/free" && grep -q '^NoNewPrivs:.*0$' "$work/free" &&
	    [ "$(awk '/CapBnd/ { print $2 }' "$work/free")" = "$(awk '/CapBnd/ { print $2 }' /proc/self/status)" ]
}

rm -f /tmp/sandbox-was-here
check "two user hosts and a service host are up" keep
for role in dp keeper warden reader gate clerk console host sftphost servicehost; do
	check "$role: every thread is confined, and not dumpable" threads $role
done
for role in ${ONLY:-keeper warden reader gate clerk console host sftphost servicehost dp}; do
	check "$role may do what its row says and nothing else" one_role $role
done
check "dp: as many descriptors as it needs or gets" files
check "a user's program is not confined" free
check "the tries can succeed: an unconfined process of root is allowed" bash -c "sleep 60 & $inject \$! socket-inet && kill \$!"
rm -f /tmp/sandbox-was-here
finish
