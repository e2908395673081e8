#!/bin/bash
# Plugins with one fault each (tests/hostile), beside transfers on other hosts that lose no byte. Of each
# the service tells by name what it did, and afterwards hosts and memory are as before.
# In short two rounds; FORM=full forty, and what takes the service's longest waits.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roles.sh"
rounds=2
[ "${FORM:-short}" != full ] || rounds=40
AT_ONCE=8

# What each does to its own channel: "dies CAUSE...": its host is ended, told as one of these causes;
# "says LINE": the fault had no effect, and the plugin says so; "stays": the client has enough of it.
# "told TEXT": the log has this about the plugin as well.
table="
# name       runs as  what
segfault     service  dies signal
abort        user     dies signal
exit         service  dies exit
exitnow      user     dies exit
stack        service  dies signal
execve       user     dies signal
ptrace       service  dies signal
spin         service  dies watchdog
spinopen     user     dies watchdog
spintimer    service  dies watchdog
block        user     dies watchdog
deaf         service  dies watchdog
malloc       user     dies signal
shared       service  says refused
threads      service  dies threads
files        user     says refused
fork         service  says refused
forkbomb     user     says refused
log          user     says said
closeall     service  dies protocol exit signal watchdog
closesockets service  dies protocol exit signal watchdog
kill         user     says refused
stop         service  says refused
unlink       user     says refused
socket       user     says refused
limits       service  says refused
procmem      user     says refused
scribble     service  dies protocol exit signal watchdog
head         service  dies protocol exit signal watchdog
tail         service  dies protocol exit signal watchdog
thread       service  says called told calls from a wrong thread
handles      service  says called told calls with the handle of a channel that is not there
lengths      user     dies signal
oldhandle    service  says called told calls with the handle of a channel that is not there
twice        user     says
nodata       service  stays
toomuch      service  says told took more than it was offered
noanswer     user     stays
load         service  dies start
stuckstop    user     says nothing
"
# A plugin that never gets through its start: the service waits 15 s for it.
[ "${FORM:-short}" != full ] || table+="stuckload    service  dies start
"
declare -A as does
names=
while read -r name who how; do
	case $name in '' | '#') continue ;; esac
	as[$name]=$who does[$name]=$how names="$names $name"
done <<<"$table"

subsystems=()
for name in $names; do subsystems+=(--set "Subsystem $name plugin:$name"); done
bed_up "${subsystems[@]}"
dir=$ROOT/run/postern-inst/plugins
target=$ROOT/home/tester/hostile-target
install -m 644 -o 64301 -g 64301 /dev/null "$target"
for name in $names; do
	install -m 644 "${BIN:-build/bin}/tests/hostile.so" "$dir/$name.so"
	printf 'RunAs %s\nWatchdog 2\nThreadsMax 16\nMemoryMax 64M\nFilesMax 256\nRestartDelayMax 0\n' "${as[$name]}" >"$dir/$name.conf"
	[ "$name" != stuckstop ] || printf 'Sandbox files\n' >>"$dir/$name.conf"
done
[ "${FORM:-short}" != full ] || sed -i 's/^RestartDelayMax.*/RestartDelayMax 5/' "$dir/stuckload.conf"

# ---- the neighbours: 20 connections that go on until all is over ----

cat >"$work/neighbour.pl" <<'PERL'
# Sends a pattern through a command and wants it back, byte for byte, until STOP is there; then its
# end. Some 256 KiB/s, so that twenty of them leave the machine to others.
use strict; use warnings; use IPC::Open2; use IO::Select; use POSIX ":sys_wait_h";
my ($stop, @command) = @ARGV;
$SIG{PIPE} = "IGNORE";
my $pid = open2(my $in, my $out, @command);
my ($sent, $got, $open, $bad) = (0, 0, 1, 0);
sub piece { my $n = shift; join "", map { pack "NN", $n, $_ * 2654435761 & 0xffffffff } 0 .. 1023 } # 8 KiB
while (1) {
	if ($open && -e $stop) { close $out; $open = 0 }
	if ($open && $sent - $got < 65536) { my $p = piece($sent / 8192); my $o = 0;
		while ($o < 8192) { my $n = syswrite $out, $p, 8192 - $o, $o; if (!$n) { print "write: $! after $sent\n"; exit 1 } $o += $n }
		$sent += 8192 }
	my $wait = $open ? 0.03 : 60;
	if (IO::Select->new($in)->can_read($wait)) {
		my $n = sysread $in, my $data, 8192 - $got % 8192;
		last if !$n;
		my $want = substr piece(int($got / 8192)), $got % 8192, $n;
		if ($data ne $want) { print "wrong bytes at $got\n"; exit 1 }
		$got += $n;
		select undef, undef, undef, 0.03 if $got % 8192 == 0;
	} elsif (!$open) { print "no end after $got of $sent\n"; exit 1 }
}
waitpid $pid, 0;
print "$got of $sent bytes, status $?\n";
exit($got == $sent && $sent > 0 && $? == 0 ? 0 : 1);
PERL

# Files up and down in one login after the other.
files() { # N
	local n=$1 rounds=0
	head -c 3000000 /dev/urandom >"$work/file.$n"
	until [ -e "$work/stop" ]; do
		printf 'put %s up.%s\nget up.%s %s\nput %s up.%s\nget up.%s %s\n' "$work/file.$n" "$n" "$n" "$work/back.$n" \
		    "$work/back.$n" "$n" "$n" "$work/again.$n" >"$work/batch.$n"
		LIMIT=300 client sftp -b "$work/batch.$n" "${ssh_opts[@]}" "$SSH_USER@$HOST" >/dev/null 2>"$work/sftp.$n" || { cat "$work/sftp.$n"; return 1; }
		cmp "$work/file.$n" "$work/back.$n" && cmp "$work/file.$n" "$work/again.$n" || return 1
		rounds=$((rounds + 1))
		sleep 0.5
	done
	echo "$rounds rounds"
	[ $rounds -gt 0 ]
}

neighbour() { # N
	local to=(ip netns exec "$NETNS" ssh "${ssh_opts[@]}")
	case $1 in
	[0-7]) timeout -k 5 900 perl "$work/neighbour.pl" "$work/stop" "${to[@]}" -s "$SSH_USER@$HOST" echo ;;
	[89] | 1[0-5]) timeout -k 5 900 perl "$work/neighbour.pl" "$work/stop" "${to[@]}" "$SSH_USER@$HOST" cat ;;
	*) files "$1" ;;
	esac
}

neighbours() { # start 20, and wait until each has a login
	local i
	rm -f "$work/stop"
	pids=()
	for i in $(seq 0 19); do
		neighbour "$i" >"$work/neighbour.$i" 2>&1 &
		pids[i]=$!
	done
}
logins() { [ "$($CTL --json sessions | jq '.sessions | length')" -ge 16 ]; }
neighbours_whole() {
	local i bad=0
	touch "$work/stop"
	for i in "${!pids[@]}"; do
		wait "${pids[i]}" || { echo "neighbour $i: $(cat "$work/neighbour.$i")"; bad=1; }
	done
	return $bad
}

# ---- the hostile ----

# column NAME FILTER: of the plugin's row; 0 where there is none.
column() { jq -r --arg n "$1" "[.plugins[] | select(.plugin == \$n) | $2] | .[0] // 0" "$work/plugins"; }

# The worker looks at a ring when it has something to say.
on_and_on() { for _ in $(seq 100); do echo go || return 0; sleep 0.05; done 2>/dev/null; }
provoke() { # NAME: what the client gets, in a file of that name
	local limit=30
	case ${does[$1]} in stays*) limit=6 ;; esac
	case $1 in
	scribble | head | tail) on_and_on ;;
	*) echo go ;;
	esac | LIMIT=$limit client ssh "${ssh_opts[@]}" -s "$SSH_USER@$HOST" "$1" >"$work/got.$1" 2>&1
}
round() {
	local name n=0
	for name in $names; do
		[ "$name" != log ] || continue
		provoke "$name" &
		n=$((n + 1))
		[ $((n % AT_ONCE)) -ne 0 ] || wait_hostile
	done
	wait_hostile
	# The flood comes alone: a line of somebody else may be lost in it.
	provoke log || :
}
wait_hostile() { # the jobs of this shell that are no neighbours
	local p
	for p in $(jobs -rp); do
		case " ${pids[*]} " in *" $p "*) ;; *) wait "$p" 2>/dev/null ;; esac
	done
}

judged() { # ROUND: each as its row says
	local name how rest line sum cause bad=0
	$CTL --json plugins >"$work/plugins" || return 1
	for name in $names; do
		how=${does[$name]%% *} rest=${does[$name]#* }
		case $how in
		dies)
			sum=0
			for cause in $rest; do sum=$((sum + $(column "$name" ".ends.$cause"))); done
			[ "$sum" -eq "$1" ] || { echo "$name: $sum ends by $rest, expected $1: $(column "$name" '.ends | tostring')"; bad=1; }
			grep -q "plugin $name: .*ended: " "$LOG" || { echo "$name is not in the log"; bad=1; }
			;;
		says)
			line=${rest%%told *} line=${line% }
			[ "$rest" != says ] || line=
			[ -z "$line" ] || grep -qx "$line" "$work/got.$name" || { echo "$name said: $(cat "$work/got.$name"), not: $line"; bad=1; }
			is 0 column "$name" '[.ends[]] | add' || { echo "$name: it was ended"; bad=1; }
			;;
		esac
		case $rest in
		*"told "*) grep -q "plugin $name: .*${rest#*told }" "$LOG" || { echo "$name: not told: ${rest#*told }"; bad=1; } ;;
		esac
	done
	return $bad
}

settled() { until_true 20 judged "$1" || judged "$1"; }

user_hosts() { $CTL --json status | jq .user_hosts; }
no_user_hosts() { [ "$(user_hosts)" = 0 ] && [ "$(role_pids login)" = "" ]; }
resident() { # KiB of the dataplane and the roles
	local p
	for p in $(role_pids dp) $(role_pids all); do awk '/^Rss(Anon|Shmem):/ { print $2 }' "/proc/$p/status"; done | awk '{ s += $1 } END { print s }'
}
hosts() { role_pids host | wc -w; }

neighbours
check "20 neighbours are at work, 16 of them in one login each" until_true 60 logins
for r in $(seq $rounds); do
	round
	[ "$r" -eq 1 ] && first_memory=$(resident)
	[ $((r % 10)) -ne 0 ] && [ "$r" -gt 2 ] || check "round $r: each is told by name, for what it did" settled "$r"
done
check "none of the 20 lost a byte" neighbours_whole
check "no user's host is left, no leader" until_true 30 no_user_hosts
last_memory=$(resident)
live=" echo "
for name in $names; do case "${as[$name]} ${does[$name]}" in "service says"* | "service stays"*) live+="$name " ;; esac; done
echo "memory: $first_memory KiB in the first round, $last_memory KiB now"
only_live() { # a host each, and no other process of one
	local name count sum=0
	while read -r name count; do
		case $live in *" $name "*) ;; *) echo "$name has a host"; return 1 ;; esac
		sum=$((sum + count))
		[ "$count" -eq 1 ] || { echo "$name has $count hosts"; return 1; }
	done < <($CTL --json plugins | jq -r '.plugins[] | select(.hosts > 0) | "\(.plugin) \(.hosts)"')
	[ $sum -gt 1 ] && is $sum hosts
}
check "the services that live have a host, nobody else" only_live
check "memory is as it was" bash -c "[ $last_memory -le $((first_memory + 8192)) ]"
check "the target of unlink and chmod is as it was" is 644 stat -c %a "$target"

# ---- a service that fails again and again ----

sed -i 's/^RestartDelayMax.*/RestartDelayMax 60/' "$dir/segfault.conf"
refused() { $CTL --json plugins >"$work/plugins" && [ "$(column segfault .refused)" -gt 0 ]; }
loop() { for _ in 1 2 3 4 5 6 7 8; do provoke segfault; refused && return; done; return 1; }
check "a service that fails again and again waits" loop
check "how long, is in the log" grep -q "plugin segfault: failed [0-9]* times: not started again for" "$LOG"
check "and shown" bash -c "$CTL plugins | grep -q 'segfault.*service'"
finish
