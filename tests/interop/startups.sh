#!/bin/bash
# Connections that do not log in: so many come in and no more, of one source and in all;
# when they have gone there is room again.
. "$(dirname "$0")/lib.sh"
bed_up --set 'MaxStartups 4' --set 'PerSourceMaxStartups 2'
for i in 3 4; do ip -n "$NETNS" addr add 10.77.0.$i/24 dev cl0; done

# hold FROM N: so many connections; "in M" when each has had a line or its end. They last
# until standard input does.
hold() {
	# shellcheck disable=SC2016
	client perl -MIO::Socket::INET -e '$| = 1; my ($from, $to, $port, $n) = @ARGV; my @in;
	    for (1 .. $n) {
		my $s = IO::Socket::INET->new(LocalAddr => $from, PeerAddr => $to, PeerPort => $port) or next;
		push @in, $s if defined readline $s;
	    }
	    print "in ", scalar @in, "\n"; <STDIN>' "$1" "$HOST" "$PORT" "$2"
}
to=() pids=()
hold_more() { # FROM N, and what is expected
	local fd
	mkfifo "$work/line.$1"
	exec {fd}<>"$work/line.$1"
	hold "$1" "$2" <&"$fd" >"$work/held.$1" 2>&1 &
	to+=("$fd") pids+=("$!")
	until_true 30 grep -q '^in ' "$work/held.$1"
	cat "$work/held.$1"
	grep -qx "$3" "$work/held.$1"
}
# Who has logged in takes no place.
ssh_to 'echo here; sleep 300' >"$work/session" 2>&1 &
session=$!
check "a session" until_true 30 grep -q here "$work/session"
check "three of one source: two come in" hold_more 10.77.0.3 3 "in 2"
check "others log in" ssh_to true
check "four in all: so many of another source too" hold_more 10.77.0.4 2 "in 2"
full() { ! ssh_to true; }
check "and nobody else" full
counted() { $CTL drops | grep -q "too many connections before login from there" && $CTL drops | grep -q 'too many connections before login$'; }
check "posternctl says why" until_true 5 counted
gone() {
	local fd
	for fd in "${to[@]}"; do echo >&"$fd"; done
	wait "${pids[@]}"
	until_true 10 ssh_to true
}
check "when they have gone, logins go on" gone
begun() { grep -q "beginning MaxStartups throttling" "$LOG" && grep -q "beginning PerSourceMaxStartups throttling" "$LOG"; }
check "the log says so, once" until_true 30 begun
kill $session
finish
