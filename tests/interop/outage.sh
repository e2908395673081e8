# Sourced after lib.sh, roles.sh, requests.sh and bed_up: a connection of the
# stock client with a transfer and a shell on it, a role killed under them, and
# everything that must still work.
#
#   outage ROLE rest|stopped MIB
#
# At rest the transfer is down, and nothing is asked of the role. Stopped, it is
# up, and when the role is killed there wait for it: the requests of requests.sh,
# each on a connection of its own, and on the transfer's connection the open and
# exec of a further channel, a window-change and the client's KEXINIT.

over() { client ssh -F none -o LogLevel=ERROR -o ControlPath="$ctl" x "$@"; }
# MIB: lines of a prime length, so that none can be elsewhere. Made and compared, they cost
# a fifth of a sum of them.
bytes="yes \$(seq -s ' ' 1 331)x | head -c"
bytes() { bash -c "$bytes $(($1 * 1048576))"; }
# All of it, but the most after everything was asked: an exchange that the server
# begins for its volume would keep the client from asking.
flow() {
	bytes "$1" | {
		head -c 33554432
		until_true 60 test -e "$dir/flow"
		cat
	}
}

# rekeys client|server: exchanges on the transfer's connection that this side
# began, from the stock client's log. The first one is counted to either.
rekeys() {
	awk -v who="$1" '/SSH2_MSG_KEXINIT sent/ && by == "" { by = "client" }
	    /SSH2_MSG_KEXINIT received/ && by == "" { by = "server" }
	    /SSH2_MSG_NEWKEYS received/ { n[by]++; by = "" }
	    END { print n[who] + 0 }' "$work/master.log"
}
more_rekeys() { [ "$(rekeys "$1")" -gt "$2" ]; } # WHO THAN
opened() { [ "$(grep -c 'channel [0-9]*: new .*session' "$work/master.log")" -gt "$1" ]; } # COUNT
kexinit_out() { [ "$(grep -c 'SSH2_MSG_KEXINIT sent' "$work/master.log")" -gt "$1" ]; }   # COUNT
held() { touch "$dir/$1" && until_true 10 test -e "$dir/$1.done"; } # the shell's script does it

# Limits that only the server (96M) reaches; the client begins when its user says ~R.
outage_begin() { # MODE MIB
	ctl=$work/ctl dir=$work/held
	rm -rf "$dir" "$work/master.log" && mkdir "$dir"
	client ssh -o LogLevel=DEBUG1 -E "$work/master.log" "${ssh_opts[@]}" -o RekeyLimit=16G \
	    -o ControlMaster=yes -o ControlPath="$ctl" -fN "$SSH_USER@$HOST" || return 1
	HELD_DIR=$dir SSH_CMD="ssh -F none -o LogLevel=ERROR -o ControlPath=$ctl -tt x" \
	    client expect -f tests/interop/held.exp >"$work/shell.out" 2>&1 &
	shell=$!
	until_true 10 test -e "$dir/ready" || { echo "no shell"; return 1; }
	if [ "$1" = rest ]; then
		over "$bytes $(($2 * 1048576))" | cmp - <(bytes "$2") &
	else
		flow "$2" | over "cmp - <($bytes $(($2 * 1048576)))" &
	fi
	transfer=$!
}

outage_ask() { # ROLE: everything that waits for a role that is stopped
	local bad=0 opens inits
	requests_send "$1" || bad=1
	opens=$(grep -c 'channel [0-9]*: new .*session' "$work/master.log")
	over "echo ran >>once.$1; echo ran" >"$work/request" &
	request=$!
	until_true 10 opened "$opens" || { echo "no open was sent"; bad=1; }
	held resize || { echo "no window-change was sent"; bad=1; }
	inits=$(grep -c 'SSH2_MSG_KEXINIT sent' "$work/master.log")
	held rekey && until_true 10 kexinit_out "$inits" || { echo "no KEXINIT was sent"; bad=1; }
	case $1 in
	clerk | all) ! ended_request || { echo "a program was started without $1"; bad=1; } ;;
	esac
	return $bad
}
ended_request() { [ -s "$work/request" ]; }

# The role is back: on the same connection.
outage_goes_on() {
	local bad=0 by_client by_server
	by_client=$(rekeys client) by_server=$(rekeys server)
	is ok over 'echo ok' || { echo "no new channel"; bad=1; }
	status 9 over 'exit 9' || { echo "no exit status on the connection"; bad=1; }
	[ "$1" = stopped ] || held resize
	held go || { echo "shell:"; tail -n 5 "$work/shell.out"; bad=1; }
	until_true 10 more_rekeys client "$by_client" || { echo "no rekey by the client"; bad=1; }
	wait $transfer || { echo "the transfer failed, or is not byte-exact"; bad=1; }
	more_rekeys server "$by_server" || over 'head -c 134217728 /dev/zero' >/dev/null
	more_rekeys server "$by_server" || { echo "no rekey by the server"; bad=1; }
	touch "$dir/end"
	wait $shell || { echo "shell:"; tail -n 5 "$work/shell.out"; bad=1; }
	client ssh -F none -o ControlPath="$ctl" -O exit x 2>/dev/null || { echo "the connection is gone"; bad=1; }
	return $bad
}

login_ms() {
	local start
	start=$(millis)
	ssh_to true || return 1
	echo $(($(millis) - start))
}

outage() {
	local role=$1 mode=$2 mib=$3 bad=0 old start usual ctl dir shell transfer request=
	is 1048576 bash -c "$bytes 1048576 | wc -c" || return 1
	[ "$mode" = rest ] || requests_ready "$role" || bad=1
	outage_begin "$mode" "$mib" || return 1
	old=$(role_pids "$role")
	usual=$(login_ms) || bad=1
	if [ "$mode" = stopped ]; then
		signal_role STOP "$role" || return 1
		outage_ask "$role" || bad=1
		touch "$dir/flow"
	fi
	signal_role KILL "$role" || return 1
	until_true 10 role_back "$role" "$old" || { echo "$role did not come back"; bad=1; }
	start=$(login_ms) || { echo "no new login"; bad=1; }
	# what is asked meanwhile is answered within a second; the rest is what a login takes
	# on this machine under this load
	[ "$start" -le $((usual + 1000)) ] || { echo "new login took $start ms after the role's return, $usual before"; bad=1; }
	if [ -n "$request" ]; then
		wait $request || { echo "the request of the outage failed"; bad=1; }
		is ran cat "$work/request" || bad=1
		is 1 over "wc -l <once.$role" || { echo "not exactly once"; bad=1; }
		requests_finish "$role" || bad=1
	fi
	outage_goes_on "$mode" "$mib" || bad=1
	return $bad
}
