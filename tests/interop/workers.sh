#!/bin/bash
# Several workers: connections over all of them, everything that crosses them, and
# deaths under load; on a port with a queue for each, and on one with a single queue.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roles.sh"
LIMIT=100

# each NAME: a counter, one number per worker; drops REASON: their sum.
each() { $CTL --json status | perl -ne 'print "$1 " if /"'"$1"'": (\d+)/'; }
drops() { $CTL --json status | perl -ne '$n += $1 if /"'"$1"'": (\d+)/; END { print $n // 0 }'; }
host_pids() { role_pids host; }

# hold N: N logins at once, all open, each worker has some of them; then all end as
# they should.
hold() {
	local n=$1 i w pids=()
	rm -f "$work/hold" "$work"/held.*
	mkfifo "$work/hold"
	exec 9<>"$work/hold"
	for ((i = 0; i < n; i++)); do
		ssh_to "echo $i; cat" <"$work/hold" >"$work/held.$i" 9>&- &
		pids+=($!)
	done
	all_in() { [ "$(cat "$work"/held.* | wc -l)" -eq "$n" ]; }
	until_true 30 all_in || { echo "only $(cat "$work"/held.* | wc -l) of $n"; exec 9>&-; return 1; }
	open=$(each conn_open)
	echo "connections per worker: $open"
	exec 9>&-
	for i in "${pids[@]}"; do wait "$i" || { echo "a session failed"; return 1; }; done
	[ "$(cat "$work"/held.* | sort -n | uniq | wc -l)" -eq "$n" ] || { echo "answers are mixed"; return 1; }
	i=0
	for w in $open; do
		[ "$w" -gt 0 ] || { echo "a worker without connections"; return 1; }
		i=$((i + w))
	done
	[ "$i" -eq "$n" ] || { echo "$i connections counted"; return 1; }
}

stream() { perl -e 'my $b = pack("V*", map { $_ * 2654435761 } 0 .. 16383); for my $i (0 .. $ARGV[0] - 1) { substr($b, 0, 8) = pack("VV", $i, $ARGV[1]); print $b }' "$1" "$2"; }

# n_of N COMMAND...: N at once, with their number behind; all must succeed.
n_of() {
	local n=$1 i pids=() bad=0
	shift
	for ((i = 0; i < n; i++)); do
		"$@" "$i" >"$work/n.$i" 2>&1 &
		pids+=($!)
	done
	for i in "${!pids[@]}"; do
		wait "${pids[$i]}" || { echo "number $i:"; cat "$work/n.$i"; bad=1; }
	done
	return $bad
}
both() { # NUMBER: 8 MiB up and down at once, rekeying all the time
	local want got
	want=$(stream 128 "$1" | sha256sum)
	got=$(stream 128 "$1" | client ssh "${ssh_opts[@]}" -o RekeyLimit=1M "$SSH_USER@$HOST" cat | sha256sum)
	[ "$got" = "$want" ] || { echo "$got, not $want"; return 1; }
}
echo_of() { # NUMBER: through the service host, over IPv6
	local want got
	want=$(stream 16 "$1" | sha256sum)
	got=$(stream 16 "$1" | client ssh "${ssh_opts[@]}" -s "$SSH_USER@$HOST6" echo | sha256sum)
	[ "$got" = "$want" ] || { echo "$got, not $want"; return 1; }
}
mux_of() { [ "$(client ssh -F none -o ControlPath="$work/mux" x "cat; echo $1" <<<"in $1" | tr '\n' ' ')" = "in $1 $1 " ]; }
sessions_of_one() {
	client ssh "${ssh_opts[@]}" -o ControlMaster=yes -o ControlPath="$work/mux" -fN "$SSH_USER@$HOST" || return 1
	n_of 8 mux_of
	local r=$?
	client ssh -F none -o ControlPath="$work/mux" -O exit x 2>/dev/null
	return $r
}
service_hosts() { $CTL --json status | perl -ne 'print $1 if /"service_hosts": (\d+)/'; }
handed() { # is anything handed over, and nothing lost on the way?
	local out=0 n
	for n in $(each handed_out); do out=$((out + n)); done
	echo "handed over: $(each handed_out), received so: $(each handed_in)"
	[ "$out" -gt 0 ] && [ "$(drops NET_HANDOFF_FULL)" -eq 0 ]
}

# ---- deaths -------------------------------------------------------------------
# Four connections that never stop while FUNCTION runs: nothing is lost or altered.
under_load() {
	local i r pids=()
	rm -f "$work/stop" "$work"/want.* "$work"/got.*
	endless() {
		(while [ ! -e "$work/stop" ]; do stream 8 "$1"; done) | tee >(sha256sum >"$work/want.$1") |
		    client ssh "${ssh_opts[@]}" -o RekeyLimit=16M "$SSH_USER@$HOST" cat | sha256sum >"$work/got.$1"
	}
	for i in 0 1 2 3; do
		endless "$i" &
		pids+=($!)
	done
	"$@"
	r=$?
	touch "$work/stop"
	for i in 0 1 2 3; do
		wait "${pids[$i]}"
		# the shell does not wait for what tee feeds
		until_true 10 test -s "$work/want.$i" || { echo "connection $i: nothing was sent"; r=1; }
		cmp "$work/want.$i" "$work/got.$i" || { echo "connection $i: other bytes came back"; r=1; }
	done
	return $r
}
kill_role() { # ROLE: and it is back; old and new connections of all workers work
	local old start
	old=$(role_pids "$1")
	signal_role KILL "$1" || return 1
	start=$(millis)
	until_true 10 role_back "$1" "$old" || { echo "not back"; return 1; }
	echo "back after $(($(millis) - start)) ms"
	n_of 6 echo_of
}
echo_again() { # the supervisor's death changes nothing for a service's host
	local before
	n_of 4 echo_of || return 1
	before=$(host_pids)
	kill_role supervisor || return 1
	[ "$(service_hosts)" -eq 1 ] || { echo "$(service_hosts) service hosts"; return 1; }
	[ -n "$before" ] && for p in $before; do [ -e "/proc/$p" ] || { echo "host $p is gone"; return 1; }; done
	n_of 4 echo_of
}
thread_killed() { # one worker's fault is the end of the process, not of one part of it
	local pid tid
	pid=$(role_pids dp)
	tid=$(grep -l 'worker' /proc/"$pid"/task/*/comm | tail -n 1 | cut -d/ -f5)
	[ -n "$tid" ] || { echo "no thread of a worker: $(cat /proc/"$pid"/task/*/comm)"; return 1; }
	perl -e 'syscall(234, $ARGV[0] + 0, $ARGV[1] + 0, 11) == 0 or die "$!"' "$pid" "$tid" || return 1
	died() { [ ! -e "/proc/$pid" ]; }
	until_true 5 died || { echo "the process lives on"; return 1; }
	until_true 10 ssh_to true || { echo "service did not come back"; return 1; }
	n_of 6 echo_of
}
dp_killed() {
	signal_role KILL dp || return 1
	until_true 10 ssh_to true || { echo "service did not come back"; return 1; }
	n_of 6 echo_of
}
refused_over() { # MaxConnections is one number for all workers
	local i pids=() n=0
	mkfifo "$work/limit"
	exec 9<>"$work/limit" 8<"$work/limit"
	for i in 0 1 2 3 4 5 6 7 8 9; do
		{
			ssh_to cat <&8 2>/dev/null
			echo $? >"$work/over.$i"
		} 9>&- &
		pids+=($!)
	done
	exec 8<&-
	full() { local c=0 w; for w in $(each conn_open); do c=$((c + w)); done; [ "$c" -eq 8 ]; }
	refused() { [ "$(cat "$work"/over.* 2>/dev/null | wc -l)" -eq 2 ]; }
	until_true 20 full || { echo "open: $(each conn_open)"; n=99; }
	# all ten have tried before the first of the eight may go
	until_true 20 refused || { echo "over: $(cat "$work"/over.* | xargs)"; n=99; }
	exec 9>&-
	wait "${pids[@]}"
	for i in "$work"/over.*; do [ "$(cat "$i")" -ne 0 ] || n=$((n + 1)); done
	[ "$n" -eq 8 ] || { echo "$n of 10 were served, not 8"; return 1; }
}
other_number() { # the configuration was changed, the dataplane not started again
	sed -i "s/^Workers .*/Workers $1/" "$CONF"
	kill_role supervisor
}
quiet() {
	local p
	p=$(idle_percent 4) || return 1
	echo "$p % of a core"
	awk -v p="$p" 'BEGIN { exit !(p < 3) }'
}

common() { # CONNECTIONS
	check "$what: $1 logins at once, every worker has some" hold "$1"
	check "$what: 4 x 8 MiB up and down at once, rekeying" n_of 4 both
	check "$what: 8 sessions of one connection" sessions_of_one
	check "$what: echo for 8 connections, one service host" n_of 8 echo_of
	check "$what: one service host" is 1 service_hosts
}

what="2 workers, 2 queues"
bed_up --workers 2
common 30
for role in gate clerk; do
	check "$what: $role killed under load" under_load kill_role $role
done
check "$what: supervisor killed under load, the service host goes on" under_load echo_again
check "$what: postern-dp killed" dp_killed
$bed down --name "$NAME"

what="4 workers, 4 queues"
bed_up --workers 4 --set 'MaxConnections 40'
common 40
check "$what: idle" quiet
check "$what: a worker's thread dies" thread_killed
check "$what: supervisor killed under load, the service host goes on" under_load echo_again
$bed down --name "$NAME"

what="3 workers, 1 queue"
bed_up --workers 3 --queues 1 --set 'MaxConnections 8'
check "$what: not more connections than allowed for all workers together" refused_over
check "$what: 4 x 8 MiB up and down at once, rekeying" n_of 4 both
check "$what: echo for 6 connections" n_of 6 echo_of
check "$what: the file says 1 now" other_number 1
check "$what: the file says 5 now" other_number 5
check "$what: frames are handed to their workers, none is lost" handed
finish
