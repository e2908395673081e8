#!/bin/bash
# Debian's OpenSSH client: logins, programs, ptys, refusals, many at once.
. "$(dirname "$0")/lib.sh"
bed_up --set 'Subsystem said /bin/echo said'

as() { # user command...
	local u=$1
	shift
	client ssh "${ssh_opts[@]}" "$u@$HOST" "$@"
}
over6() { client ssh "${ssh_opts[@]}" "$SSH_USER@$HOST6" "$@"; }

check "runs a command over IPv4" is hello ssh_to echo hello
check "runs a command over IPv6" is hello over6 echo hello
check "is the user" is "$SSH_USER" ssh_to id -un
check "has the user's groups" is "$SSH_USER" ssh_to id -Gn
check "starts in the home directory" is "/home/$SSH_USER" ssh_to pwd
check "sets the usual environment" is "$SSH_USER /home/$SSH_USER /bin/bash" ssh_to 'echo $USER $HOME $SHELL'
check "tells the client's address" is "10.77.0.2" ssh_to 'set -- $SSH_CONNECTION; echo $1'
check "passes AcceptEnv variables" is "de_DE" client env LANG=de_DE ssh "${ssh_opts[@]}" -o SendEnv=LANG "$SSH_USER@$HOST" 'echo $LANG'
check "passes the exit status" status 42 ssh_to exit 42
check "passes the exit signal" status 255 ssh_to 'kill -KILL $$'
stderr_apart() {
	local out err
	out=$(ssh_to 'echo out; echo err >&2' 2>"$work/err") || return 1
	err=$(cat "$work/err")
	[ "$out" = out ] && [ "$err" = err ]
}
check "keeps stderr apart" stderr_apart
check "feeds stdin to its end" is "5" sh -c "printf 12345 | timeout 20 ip netns exec $NETNS ssh ${ssh_opts[*]} $SSH_USER@$HOST wc -c"
check "runs without stdin" is yes ssh_to -n echo yes
check "ends when the program ends though a child keeps the pipe" is early ssh_to 'sleep 5 >/dev/null 2>&1 & echo early'
check "no pty without -t" status 1 ssh_to test -t 0
check "a pty with -tt" ssh_to -tt test -t 0
check "refuses a subsystem that does not exist" status 255 client ssh "${ssh_opts[@]}" -s "$SSH_USER@$HOST" nosuch
check "serves the echo subsystem" is "there and back" sh -c "echo there and back | timeout 20 ip netns exec $NETNS ssh ${ssh_opts[*]} -s $SSH_USER@$HOST echo"

pty_shell() {
	NETNS=$NETNS SSH_CMD="ssh ${ssh_opts[*]} -tt $SSH_USER@$HOST" client expect -f tests/interop/shell.exp
}
check "interactive shell on a pty, resized, interrupted, left" pty_shell

check "refuses a key that is not authorised" bash -c "ssh-keygen -q -t ed25519 -N '' -f $work/other && ! ip netns exec $NETNS ssh -F none -i $work/other -o IdentitiesOnly=yes -o BatchMode=yes -o UserKnownHostsFile=$KNOWN_HOSTS $SSH_USER@$HOST true"
methods() { client ssh "${ssh_opts[@]}" -o PreferredAuthentications=none -o LogLevel=INFO "$1@$HOST" true 2>&1 | grep -q 'Permission denied (publickey'; }
check "names its methods to a known user" methods "$SSH_USER"
check "names its methods to an unknown user" methods nobodyhere
check "refuses an unknown user" status 255 as nobodyhere true
check "refuses an account without a shell" status 255 as noshell true
check "a locked password does not keep keys out (UsePAM, as sshd)" is locked as locked id -un
check "refuses an expired account" status 255 as expired true
check "lets root in with a key (PermitRootLogin prohibit-password)" is root as root id -un
nologin() {
	echo "closed for tests" >"$ROOT/etc/nologin"
	as "$SSH_USER" true
	local user=$?
	as root true
	local root=$?
	rm -f "$ROOT/etc/nologin"
	[ $user -eq 255 ] && [ $root -eq 0 ]
}
check "/etc/nologin keeps users out, not root" nologin
strict() {
	chmod 777 "$ROOT/home/$SSH_USER/.ssh"
	as "$SSH_USER" true
	local got=$?
	chmod 700 "$ROOT/home/$SSH_USER/.ssh"
	[ $got -eq 255 ] && as "$SSH_USER" true
}
check "StrictModes refuses a writable .ssh" strict
option() {
	local file=$ROOT/home/$SSH_USER/.ssh/authorized_keys
	cp -p "$file" "$work/keys"
	sed -i 's/^/from="192.0.2.1" /' "$file"
	as "$SSH_USER" true
	local got=$?
	cp -p "$work/keys" "$file"
	[ $got -eq 255 ] && as "$SSH_USER" true
}
check "refuses a key line with an option that is not enforced" option
# with_options OPTIONS command...: with them before the user's key.
with_options() {
	local file=$ROOT/home/$SSH_USER/.ssh/authorized_keys options=$1 got
	shift
	cp -p "$file" "$work/keys"
	sed "s/^/$options /" "$work/keys" >"$file"
	"$@"
	got=$?
	cat "$work/keys" >"$file"
	return $got
}
asks() { # what a forced command says that was asked for
	is "forced: id -un" ssh_to id -un && is "forced:" ssh_to -T </dev/null &&
	    is "forced: internal-sftp" ssh_to -s sftp </dev/null && is "forced: echo" ssh_to -s echo </dev/null &&
	    is "forced: /bin/echo said" ssh_to -s said </dev/null &&
	    is $'forced: id\r' ssh_to -tt id && status 255 ssh_to -s nosuch </dev/null
}
check "a key's command runs, whatever is asked for" \
    with_options 'command="echo forced: $SSH_ORIGINAL_COMMAND"' asks
only_files() {
	echo pwd | client sftp "${ssh_opts[@]}" -b - "$SSH_USER@$HOST" | grep -q "/home/$SSH_USER" &&
	    is "" ssh_to "echo >forced.file; echo got" </dev/null && [ ! -e "$ROOT/home/$SSH_USER/forced.file" ]
}
check "a key for files only" with_options 'command="internal-sftp"' only_files
check "a user's program is free: sudo works in a login" as admin sudo -n true

thirty() {
	local i pids=() bad=0
	for i in $(seq 1 30); do
		ssh_to "echo $i" >"$work/many.$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i" || bad=1; done
	for i in $(seq 1 30); do [ "$(cat "$work/many.$i")" = "$i" ] || bad=1; done
	[ $bad -eq 0 ]
}
check "30 connections at once" thirty
eight() {
	local i pids=() bad=0 ctl=$work/ctl
	client ssh "${ssh_opts[@]}" -o ControlMaster=yes -o ControlPath="$ctl" -fN "$SSH_USER@$HOST" || return 1
	for i in $(seq 1 8); do
		client ssh -o ControlPath="$ctl" x "sleep 1; echo $i" >"$work/eight.$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i" || bad=1; done
	for i in $(seq 1 8); do [ "$(cat "$work/eight.$i")" = "$i" ] || bad=1; done
	client ssh -o ControlPath="$ctl" -O exit x 2>/dev/null
	[ $bad -eq 0 ]
}
check "8 sessions on one connection" eight
check "answers keepalives" is awake client ssh "${ssh_opts[@]}" -o ServerAliveInterval=1 -o ServerAliveCountMax=1 "$SSH_USER@$HOST" 'sleep 4; echo awake'
# Between two of them everything sleeps: a wake-up that is lost shows as a login
# that waits for ever, once in some thousand.
one_by_one() {
	client "${BIN:-build/bin}/tests/login-rate" "$HOST" "$PORT" "$SSH_USER" "$SSH_KEY" 1 15 >"$work/rate" || return 1
	cat "$work/rate"
	grep -q "failed 0 " "$work/rate"
}
check "logins one after the other for 15 s, none waits" one_by_one
gone() { [ -z "$(user_pids)" ]; }
check "nothing of a user's is left after logout" until_true 10 gone
said() { until_true 5 grep -Eq -- "$1" "$LOG"; }
from="from 10\.77\.0\.2 port [0-9]+"
check "a login is logged as sshd does" \
    said "sshd\[[0-9]+\]: Accepted publickey for $SSH_USER $from ssh2: ED25519 SHA256:[A-Za-z0-9+/]{43}\$"
stranger() {
	client ssh "${ssh_opts[@]}" "stranger@$HOST" true
	said "sshd\[[0-9]+\]: Invalid user stranger $from\$" &&
	    said "sshd\[[0-9]+\]: Failed publickey for invalid user stranger $from ssh2: ED25519 SHA256:" &&
	    is 1 grep -c "Invalid user stranger" "$LOG"
}
check "an unknown user is logged as sshd does, and once" stranger
quiet() { ! grep -E "warning: (host of|login|dataplane closed|gate|clerk)" "$LOG"; }
check "no warning about a process that ended as it should" quiet
check "posternctl status" bash -c "$CTL status"
check "what hosts counted is there when they have ended" \
    bash -c "$CTL plugins | grep -A1 '^sftp ' | grep -Eq 'counted: requests [1-9][0-9]*, bytes-received [1-9][0-9]*, bytes-sent [1-9]'"
check "posternctl sessions --json is JSON" bash -c "$CTL --json sessions | perl -MJSON::PP -0ne 'decode_json(\$_)'"
finish
