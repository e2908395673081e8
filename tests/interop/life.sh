#!/bin/bash
# Everyday life of a channel with the stock client: what a user of sshd expects.
. "$(dirname "$0")/lib.sh"
bed_up --set 'Subsystem shout /usr/bin/tr a-z A-Z' --set 'AcceptEnv POST_?_*' \
    --set 'MaxSessions 256'
home=$ROOT/home/$SSH_USER

client_in() { # file command...: the client with this standard input
	local from=$1
	shift
	ssh_to "$@" <"$from"
}
# mine PATTERN: does the user run a program like that?
mine() {
	local p
	for p in $(user_pids); do
		tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null | grep -q -- "$1" && return 0
	done
	return 1
}
gone() { ! mine "$1"; }
channels() { # N: so many are open
	$CTL --json channels | perl -MJSON::PP -0ne 'exit(@{decode_json($_)->{channels}} == '"$1"' ? 0 : 1)'
}
# kill_client PID: what ssh_to started there, with -9
kill_client() {
	local p t="$1"
	while :; do
		p=$(pgrep -d ' ' -P "${t// /,}") || break
		t=$p
	done
	# shellcheck disable=SC2086
	kill -9 $t
}
head -c 3000000 /dev/urandom >"$work/random"
sum=$(sha256sum <"$work/random")

# ---- ways to start ----
shell_T() { printf 'echo $0; exit 3\n' | ssh_to -T >"$work/out"; [ $? -eq 3 ] && [ "$(cat "$work/out")" = -bash ]; }
check "-T: a login shell on pipes, its status" shell_T
check "-tt: a command on a terminal, its status" status 7 ssh_to -tt 'test -t 0 && exit 7'
check "-n: no input" is 0 ssh_to -n 'wc -c'
check "input </dev/null" is 0 client_in /dev/null 'wc -c'
closed_in() { is 0 client bash -c "exec ssh ${ssh_opts[*]} $SSH_USER@$HOST 'wc -c' <&-"; }
check "input <&-" closed_in
background() {
	ssh_to -f "sleep 0.3; echo done >life.f" </dev/null >/dev/null 2>&1 || return 1
	until_true 5 grep -q done "$home/life.f"
}
check "-f: goes on in the background" background
no_channel() {
	ssh_to -N &
	local pid=$!
	one() { $CTL --json sessions | perl -MJSON::PP -0ne '$s = decode_json($_)->{sessions}; exit(@$s == 1 && $s->[0]{channels} == 0 ? 0 : 1)'; }
	until_true 5 one || return 1
	kill_client $pid
	none() { $CTL --json sessions | perl -MJSON::PP -0ne 'exit(@{decode_json($_)->{sessions}} == 0 ? 0 : 1)'; }
	until_true 5 none
}
check "-N: no channel; gone with its client" no_channel
shout() { [ "$(echo quiet | ssh_to -s shout)" = QUIET ]; }
check "-s: a subsystem that is a command" shout
# RFC 4254 6.9: to everything that the program started; a name without a meaning is none.
signals() {
	local step
	script_client 120
	for step in "connect $HOST $PORT" ident kex service "auth $SSH_USER $SSH_KEY" open \
	    "exec trap 'echo go''t; exit 5' USR1; echo r'eady'; while :; do sleep 0.1; done" "expect-data ready" \
	    "signal STOP" "signal USR1" "expect-data got" "wait-exit 5" open "exec echo r'eady'; (exec sleep 773) & wait" \
	    "expect-data ready" "signal KILL" wait-exit; do
		say "$step" || { echo "$step"; return 1; }
	done
	exec {to}>&-
	wait "$SC_PID"
	until_true 10 gone 'sleep 773'
}
check "signals by name, to the whole group" signals
for n in 0 1 255; do check "exit status $n" status $n ssh_to "exit $n"; done

# ---- environment ----
accepted() {
	is "a,de_DE,in,," client env LANG=a LC_TIME=de_DE NOT=out ssh "${ssh_opts[@]}" \
	    -o 'SendEnv LANG LC_* NOT' -o 'SetEnv POST_1_X=in POST_22_X=out' "$SSH_USER@$HOST" \
	    'echo $LANG,$LC_TIME,$POST_1_X,$POST_22_X,$NOT'
}
check "SendEnv and SetEnv against AcceptEnv patterns" accepted
flooded() { # more than is kept: the rest is left out, the command runs
	local i v=()
	for i in $(seq 1 2000); do v+=("LC_$i=$i"); done
	ssh_to -o "SetEnv ${v[*]}" 'env | grep -c ^LC_; echo ran' >"$work/out" || return 1
	cat "$work/out"
	grep -q ran "$work/out" && [ "$(head -n 1 "$work/out")" -lt 1000 ] && [ "$(head -n 1 "$work/out")" -gt 10 ]
}
check "a flood of variables is cut, the command runs" flooded
huge() { is ran ssh_to -o "SetEnv LC_BIG=$(head -c 30000 /dev/zero | tr '\0' x)" 'echo ran'; }
check "a huge variable is no harm" huge
environment() {
	ssh_to env >"$work/env" || return 1
	local want
	for want in "HOME=/home/$SSH_USER" "USER=$SSH_USER" "LOGNAME=$SSH_USER" SHELL=/bin/bash \
	    "PWD=/home/$SSH_USER" "MAIL=/var/mail/$SSH_USER" 'SSH_CLIENT=10.77.0.2 [0-9]* 22' \
	    'SSH_CONNECTION=10.77.0.2 [0-9]* 10.77.0.1 22' 'PATH=/usr/local/bin:/usr/bin:/bin'; do
		grep -q "^$want" "$work/env" || { echo "no $want"; cat "$work/env"; return 1; }
	done
	! grep -E '^(SSH_TTY|TERM|POSTERN|LD_|LISTEN|NOTIFY)' "$work/env"
}
check "a command's environment is sshd's" environment
terminal() { client env TERM=vt100 ssh "${ssh_opts[@]}" -tt "$SSH_USER@$HOST" 'echo $TERM $SSH_TTY $(tty)' | tr -d '\r' | grep -Eq '^vt100 (/dev/pts/[0-9]+) \1$'; }
check "TERM and SSH_TTY on a terminal" terminal
greeting() { # of a shell, by its own word
	printf 'exit\n' | ssh_to -tt 2>&1 | tr -d '\r' >"$work/greeting"
	grep -q "$1" "$work/greeting"
}
echo 'welcome to the testbed' >"$ROOT/etc/motd"
check "a shell shows the message of the day" greeting 'welcome to the testbed'
check "and the last login" greeting '^Last login: .* from 10\.77\.0\.2'
quiet() { touch "$home/.hushlogin"; ! greeting 'welcome\|Last login'; }
check "not with ~/.hushlogin" quiet
rm -f "$home/.hushlogin"
plain() { ! ssh_to -tt true | grep -q 'welcome\|Last login'; }
check "nor a command" plain
rc() {
	printf 'read -r x; echo "rc:$x:$USER:$0"\n' >"$home/.ssh/rc"
	is "rc::$SSH_USER:/home/$SSH_USER/.ssh/rc
ran" ssh_to 'echo ran' || return 1
	[ "$(echo quiet | ssh_to -s shout)" = QUIET ] || { echo "it ran before a subsystem"; return 1; }
	rm "$home/.ssh/rc"
	install -d "$ROOT/etc/ssh"
	echo 'echo sshrc $HOME' >"$ROOT/etc/ssh/sshrc"
	is "sshrc /home/$SSH_USER
ran" ssh_to 'echo ran'
	local got=$?
	rm "$ROOT/etc/ssh/sshrc"
	return $got
}
check "~/.ssh/rc, or /etc/ssh/sshrc, before the program" rc

# ---- data ----
after_eof() {
	is "x
after" sh -c "echo x | timeout 20 ip netns exec $NETNS ssh ${ssh_opts[*]} $SSH_USER@$HOST 'cat; sleep 0.2; echo after'"
}
check "output after the end of input" after_eof
late() { [ "$(ssh_to 'head -c 8000000 /dev/zero' | { sleep 0.5; wc -c; })" = 8000000 ]; }
check "a command that ends before its output is read" late
both() {
	ssh_to 'for i in $(seq 1 40); do head -c 50000 /dev/zero | tr "\0" o; head -c 50000 /dev/zero | tr "\0" e >&2; done; exit 5' \
	    >"$work/o" 2>"$work/e"
	[ $? -eq 5 ] && [ "$(tr -d o <"$work/o" | wc -c)$(wc -c <"$work/o")" = 02000000 ] &&
	    [ "$(tr -d e <"$work/e" | wc -c)$(wc -c <"$work/e")" = 02000000 ]
}
check "2 MB each of output and errors, interleaved" both
raw_up() {
	local line
	mkfifo "$work/in"
	ssh_to -tt -e none "stty raw -echo; echo ready; head -c 3000000 | sha256sum; echo; sleep 0.1" <"$work/in" >"$work/out" &
	local pid=$!
	exec 5>"$work/in"
	until_true 5 grep -q ready "$work/out" || return 1
	cat "$work/random" >&5
	wait $pid
	exec 5>&-
	grep -aq "${sum%% *}" "$work/out"
}
check "3 MB of all byte values through a raw terminal, up" raw_up
cp "$work/random" "$home/random"
raw_down() { [ "$(ssh_to -tt 'stty raw; cat random' | sha256sum)" = "$sum" ]; }
check "and down" raw_down
nothing() { [ "$(ssh_to cat </dev/null | wc -c)" = 0 ]; }
check "0 bytes there and back" nothing
cut_off() { [ "$(LIMIT=10 ssh_to cat <"$work/random" 2>/dev/null | head -c 100 | wc -c)" = 100 ] && until_true 5 channels 0; }
check "a reader that leaves ends cat" cut_off

# ---- ends ----
keeps_pipe() {
	local start=${EPOCHREALTIME/./}
	is first ssh_to 'sleep 1 & echo first' && [ $((${EPOCHREALTIME/./} - start)) -ge 1000000 ]
}
check "a program left behind with the pipe keeps the channel" keeps_pipe
leaves_pty() {
	local start=${EPOCHREALTIME/./}
	ssh_to -tt 'trap "" HUP; sleep 40 & echo first' >/dev/null
	[ $((${EPOCHREALTIME/./} - start)) -lt 30000000 ]
}
check "with the terminal it does not" leaves_pty
tilde() {
	mkfifo "$work/keys"
	LIMIT=100 ssh_to -tt 'sleep 771' <"$work/keys" >"$work/out" 2>&1 &
	local pid=$!
	exec 5>"$work/keys"
	until_true 5 mine 'sleep 771' || return 1
	printf '\r~.' >&5
	status 255 wait $pid && until_true 5 gone 'sleep 771'
	local got=$?
	exec 5>&-
	return $got
}
check "~. leaves, the program gets its hangup" tilde
hup() {
	ssh_to -tt "trap 'echo hangup >life.hup; exit' HUP; sleep 772 & wait" </dev/null >/dev/null 2>&1 &
	local pid=$!
	until_true 5 mine 'sleep 772' || return 1
	kill_client $pid
	until_true 5 grep -q hangup "$home/life.hup"
}
check "client killed: a program on a terminal gets SIGHUP" hup
pipes() {
	ssh_to 'cat >life.cat; echo "end $?" >>life.cat; sleep 0.1' < <(echo some; exec sleep 200) >/dev/null 2>&1 &
	local pid=$!
	until_true 5 grep -q some "$home/life.cat" || return 1
	kill_client $pid
	until_true 5 grep -q 'end 0' "$home/life.cat"
}
check "one on pipes finds them closed" pipes
rss() { # of all that serves, KiB
	local p sum=0
	for p in $($PIDS_CMD); do
		sum=$((sum + $(awk '/^VmRSS/ { print $2 }' "/proc/$p/status" 2>/dev/null || echo 0)))
	done
	echo $sum
}
never_reads() {
	local i pids=() before after
	ssh_to true
	before=$(rss)
	for i in 1 2 3 4; do
		ssh_to 'cat /dev/zero' 2>/dev/null | sleep 60 &
		pids+=($!)
	done
	until_true 5 channels 4 || return 1
	stuck() { $CTL --json channels | perl -MJSON::PP -0ne 'exit(4 == grep { $_->{window_out} == 0 } @{decode_json($_)->{channels}} ? 0 : 1)'; }
	until_true 10 stuck || { $CTL channels; return 1; }
	is fine ssh_to echo fine || return 1
	[ "$(ssh_to 'head -c 3000000 /dev/zero' | wc -c)" = 3000000 ] || return 1
	after=$(rss)
	echo "KiB before $before, with four that never read $after"
	[ $((after - before)) -lt 60000 ] || return 1
	$CTL kill user:$SSH_USER || return 1
	kill "${pids[@]}"
	wait "${pids[@]}" 2>/dev/null
	until_true 5 channels 0 && until_true 5 gone 'cat /dev/zero'
}
check "four peers that never read: others go on, memory is bounded, kill frees" never_reads

# ---- nothing is left ----
fds() {
	local p n=0
	for p in $($PIDS_CMD); do n=$((n + $(ls "/proc/$p/fd" 2>/dev/null | wc -l))); done
	echo $n
}
many() {
	local ctl=$work/ctl i
	client ssh "${ssh_opts[@]}" -o ControlMaster=yes -o ControlPath="$ctl" -fN "$SSH_USER@$HOST" || return 1
	client ssh -o ControlPath="$ctl" x true || return 1
	local before=$(fds) procs=$($PIDS_CMD | wc -w)
	client bash -c "for i in \$(seq 1 200); do [ \$(ssh -o ControlPath=$ctl x echo \$i </dev/null) = \$i ] || exit 1; done" || return 1
	settled() { [ "$(fds)" -le "$before" ] && [ "$($PIDS_CMD | wc -w)" -le "$procs" ]; }
	until_true 5 settled || { echo "descriptors $before, then $(fds)"; return 1; }
	client ssh -o ControlPath="$ctl" -O exit x 2>/dev/null
}
check "200 commands on one connection leave nothing" many
# together N: so many sessions on one connection, all there before the first ends.
together() {
	local i n=$1 pids=() bad=0 ctl=$work/together
	rm -rf "$ROOT/home/$SSH_USER/together"
	client ssh "${ssh_opts[@]}" -o ControlMaster=yes -o ControlPath="$ctl" -fN "$SSH_USER@$HOST" || return 1
	for i in $(seq 1 "$n"); do
		client ssh -o ControlPath="$ctl" x "mkdir -p together; touch together/$i; until [ -e together/go ]; do sleep 0.2; done; echo $i" \
		    >"$work/together.$i" </dev/null &
		pids+=($!)
	done
	until_true 60 all_there "$n" || { echo "$(ls "$ROOT/home/$SSH_USER/together" | wc -l) of $n"; bad=1; }
	touch "$ROOT/home/$SSH_USER/together/go"
	for i in "${pids[@]}"; do wait "$i" || bad=1; done
	for i in $(seq 1 "$n"); do [ "$(cat "$work/together.$i")" = "$i" ] || bad=1; done
	client ssh -o ControlPath="$ctl" -O exit x 2>/dev/null
	return $bad
}
all_there() { [ "$(ls "$ROOT/home/$SSH_USER/together" | wc -l)" -eq "$1" ]; }
check "64 sessions at once on one connection" together 64
check "256 channels at once on one connection" together 256
logins() {
	until_true 10 channels 0
	ssh_to true
	local before=$(fds) i
	for i in $(seq 1 40); do ssh_to true || return 1; done
	settled() { [ "$(fds)" -le "$before" ] && [ -z "$(user_pids)" ]; }
	until_true 10 settled || { echo "descriptors $before, then $(fds)"; user_pids; return 1; }
}
check "40 logins leave nothing" logins
finish
