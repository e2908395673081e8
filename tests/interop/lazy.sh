#!/bin/bash
# A peer that opens all channels there may be and reads nothing, whose programs take nothing,
# or that asks for nothing: what one connection holds, in postern-dp and in the hosts, stays
# under its caps, neighbours move 64 MiB each way, and afterwards all of it is back.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/attacklib.sh"
. "$(dirname "$0")/roles.sh"
bed_up --set 'MaxSessions 256'
MiB=1048576 pool=192
client_bin=${BIN:-build/bin}/tests/script-client

# What one connection may hold in postern-dp with this pool, in blocks: buffers and reassembly
# of TCP, what is held for hosts, the share granted toward the peer and 16 KiB of each channel
# beyond it, blocks that are not full, and what control records take.
cap=$(((8 + 8 + 9 + 8 + pool / 16 + 4 + 2) * MiB / 2040))

rss() { # ROLE: KiB that its processes have of their own
	local p sum=0
	for p in $(role_pids "$1"); do
		sum=$((sum + $(awk '/^Rss(Anon|Shmem)/ { n += $2 } END { print n + 0 }' "/proc/$p/status")))
	done
	echo $sum
}
# chans EXPRESSION: of what posternctl shows of all channels, @$_ in perl.
chans() {
	$CTL --json channels | perl -MJSON::PP -MList::Util=sum0 -0ne '$_ = decode_json($_)->{channels}; print '"$1"
}
held_blocks() { echo $((free - $(meter pool_free))); }

# lazy CHANNELS STEP... [-- LATER...]: a connection with so many channels and these steps on
# each, then, without a look at what comes, those behind it on each; which then neither
# reads nor sends until `awake`.
lazy() {
	local i step n=$1 first=() later=()
	shift
	for step; do
		[ "$step" = -- ] && break
		first+=("$step")
	done
	later=("${@:${#first[@]} + 2}")
	{
		printf '%s\n' "timeout 100" "connect $HOST $PORT" ident kex service "auth $SSH_USER $SSH_KEY"
		for ((i = 0; i < n; i++)); do
			echo open
			for step in ${first[@]+"${first[@]}"}; do echo "$step"; done
		done
		for ((i = 0; i < n && ${#later[@]} > 0; i++)); do
			echo "channel $i"
			for step in "${later[@]}"; do echo "$step"; done
		done
		echo "pause lazy"
	} >"$work/steps"
	rm -f "$work/wake"
	mkfifo "$work/wake"
	LIMIT=300 client "$client_bin" >"$work/lazy" 2>&1 < <(cat "$work/steps" "$work/wake") &
	lazy_pid=$!
	exec {wake}>"$work/wake"
	until_true 60 grep -Eq '^(AT lazy|ERROR)' "$work/lazy"
	grep -q '^AT lazy' "$work/lazy" || { tail -n 3 "$work/lazy"; return 1; }
	is "$n" chans 'scalar @$_'
}
awake() { # it goes without a word
	exec {wake}>&-
	wait "$lazy_pid"
	until_true 30 back
}
back() { [ "$(meter conn_open)" -eq 0 ] && [ "$(meter pool_free)" -eq "$free" ] && calm; }

head -c $((64 * MiB)) /dev/urandom >"$work/big"
cp "$work/big" "$(home)/big"
chmod 644 "$(home)/big"
sum=$(sha256sum <"$work/big")
# Both ways at once; how long that took is for who reads it.
neighbour() {
	local from=$(millis) r=0
	ssh_to sha256sum <"$work/big" >"$work/up" &
	ssh_to 'cat big' </dev/null | sha256sum >"$work/down" || r=1
	wait $! || r=1
	echo "$1: 64 MiB each way in $(($(millis) - from)) ms" | tee -a "$work/times"
	[ $r -eq 0 ] && [ "$(cat "$work/up")" = "$sum" ] && [ "$(cat "$work/down")" = "$sum" ]
}
echoes() { is "by the same host" sh -c "echo by the same host | timeout 60 ip netns exec $NETNS ssh ${ssh_opts[*]} -s $SSH_USER@$HOST echo"; }

check "a service that is there" echoes
check "neighbours, alone" neighbour alone
free=$(meter pool_free)
until_true 10 back
check "nothing is open" back
before_host=$(rss host) before_dp=$(rss dp)

# 256 channels of a plugin that sends back what it gets, to a peer that has sent all that
# it may and reads nothing.
check "256 channels, all windows full, nothing is read" lazy 256 "subsystem echo" "hold on" -- fill
full() { [ "$(held_blocks)" -gt $((8 * MiB / 2040)) ]; }
check "it is kept somewhere" until_true 20 full
blocks() { echo "$(held_blocks) of $cap blocks"; [ "$(held_blocks)" -le "$cap" ]; }
check "blocks stay under the connection's cap" blocks
queued() { [ "$(chans 'sum0 map { $_->{queued} } @$_')" -le $(((pool / 16 + 5) * MiB)) ]; }
check "so does what is queued toward the peer" queued
unread() { [ "$(chans 'sum0 map { $_->{unread} + $_->{held} } @$_')" -le $((64 * MiB)) ]; }
check "and what no host has taken" unread
# Twice the windows, because a queue that grows doubles.
bounded() {
	echo "hosts $before_host -> $(rss host) KiB, postern-dp $before_dp -> $(rss dp) KiB"
	[ $(($(rss host) - before_host)) -le $((2 * 64 * 1024 + 16384)) ] &&
	    [ $(($(rss dp) - before_dp)) -le $((cap * 2 + 16384)) ]
}
check "so do the processes" bounded
check "neighbours, beside it" neighbour beside
check "one on the same host" echoes
there() { kill -0 "$lazy_pid" && is 256 chans 'scalar @$_' && blocks; }
check "it is still there, and holds no more" there
check "all of it comes back" awake
hosts_back() { [ $(($(rss host) - before_host)) -le 16384 ]; }
check "from the hosts too" until_true 20 hosts_back

# Programs that take nothing: kernel pipes and queues of the user's own host.
check "32 programs that never read" lazy 32 "exec exec sleep 1000" -- fill
check "blocks stay under the connection's cap" blocks
check "all of it comes back" awake
check "its host is gone" until_true 20 hosts_back

check "256 channels that nothing is asked of" lazy 256
few() { [ "$(held_blocks)" -le 128 ]; }
check "cost next to nothing" few
check "all of it comes back" awake
cat "$work/times"
finish
