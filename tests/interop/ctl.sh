#!/bin/bash
# posternctl: what it shows of live sessions, who may use it, kill, reload.
. "$(dirname "$0")/lib.sh"
bed_up

# json VERB EXPRESSION: a Perl expression over the answer $a is true.
json() {
	$CTL --json $1 >"$work/json" || return 1
	perl -MJSON::PP -0ne '$a = decode_json($_); exit(('"$2"') ? 0 : 1)' "$work/json" || {
		cat "$work/json"
		return 1
	}
}
as() { # uid command...: posternctl as somebody else
	local uid=$1
	shift
	$bed into --name "$NAME" setpriv --reuid "$uid" --regid "$uid" --init-groups \
	    /run/postern-inst/posternctl -s /run/postern/ctl.sock "$@"
}

odd=$'sleep 100; : \e]0;x\a'
ssh_to "$odd" &
long=$!
ssh_to -s echo < <(exec sleep 100) >/dev/null &
echo_pid=$!
two() { json channels '@{$a->{channels}} == 2 && 2 == grep { $_->{started} } @{$a->{channels}}'; }
check "channels of two sessions" until_true 10 two
check "a channel's kind and command, escaped for JSON" json channels \
    'grep { $_->{kind} eq "exec" && $_->{what} =~ /^sleep 100; : \e/ && $_->{user} eq "tester" } @{$a->{channels}}'
escaped() { ! $CTL channels | LC_ALL=C grep -q '[^ -~]' && $CTL channels | grep -q 'exec sleep 100; : ?\]0;x?'; }
check "and for a terminal" escaped
check "a subsystem by name" json channels \
    'grep { $_->{kind} eq "subsystem" && $_->{what} eq "echo" && $_->{window_in} > 0 } @{$a->{channels}}'
check "sessions with bytes and ciphers" json sessions \
    '@{$a->{sessions}} == 2 && !grep { $_->{bytes_in} < 500 || $_->{channels} != 1 || $_->{cipher_in} !~ /-/ } @{$a->{sessions}}'
ssh_to 'head -c 20000000 /dev/zero' | cat >/dev/null
check "workers: cycles of every stage" json workers \
    '@{$a->{workers}} >= 1 && 7 == @{$a->{workers}[0]{stages}} && !grep { $_->{cycles} == 0 } map { @{$_->{stages}} } grep { $_->{polls_useful} } @{$a->{workers}}'
sealed() {
	json workers '20e6 < eval { my $n = 0; $n += $_->{bytes} for grep { $_->{stage} eq "seal" } map { @{$_->{stages}} } @{$a->{workers}}; $n }'
}
check "workers: the bytes that were sealed" sealed
check "workers: of one second" bash -c "$CTL workers 1 | grep -q '^worker 0: .*busy .* of 1s'"
check "tcp: the record of both connections" json tcp \
    '2 == grep { $_->{state} eq "ESTABLISHED" && $_->{peer} eq "10.77.0.2" && $_->{local_port} == 22 && $_->{srtt_us} > 0 && $_->{cwnd} > 1000 && $_->{sack} && $_->{bytes_in} > 500 && $_->{id} =~ /^\d+-\d+$/ } @{$a->{connections}}'
one_tcp() {
	local id port
	$CTL --json tcp >"$work/json" || return 1
	read -r id port < <(perl -MJSON::PP -0ne '$a = decode_json($_)->{connections}[0]; print "$a->{id} $a->{port}\n"' "$work/json")
	json "tcp $id" "1 == @{\$a->{connections}} && \$a->{connections}[0]{port} == $port" &&
	    json "--port $port tcp 10.77.0.0/24" '1 == @{$a->{connections}}' && json 'tcp fd77::/16' '0 == @{$a->{connections}}' &&
	    $CTL tcp "$id" | grep -q 'rtt [0-9.]*/[0-9.]* ms .*rto 2[0-9][0-9]' && status 1 $CTL tcp nonsense
}
check "tcp: one by its id, by port and network; as a table" one_tcp
check "drops by reason, with text" json drops \
    'grep { $_->{reason} eq "SSH_DISCONNECT_IN" && $_->{total} > 0 && $_->{text} =~ /disconnect/ } @{$a->{drops}}'
check "drops --all names every reason" json 'drops --all' '@{$a->{drops}} > 60'
check "drops of one second, explained" bash -c "$CTL --explain --all drops 1 | grep -A1 '^TCP_CSUM .* tcp: checksum wrong' | grep -q 'segment is damaged'"
check "counters by name" json counters \
    'grep { $_->{name} eq "tx_packets" && $_->{total} > 0 } @{$a->{counters}}'
check "limits: what is in effect, in use, the most so far" json limits \
    'eval { my ($now, $high) = (0, 0); for (map { @{$_->{workers}} } grep { $_->{name} eq "conn_max" } @{$a->{limits}}) { $now += $_->{current}; $high += $_->{high_water} } $now >= 2 && $high >= $now }'
stranger() {
	client bash -c "exec 3<>/dev/tcp/$HOST/$PORT; read -r line <&3; echo \"\$line\"; sleep 3" &
	until_true 5 json 'sessions --all' 'grep { $_->{user} eq "" && $_->{peer} eq "10.77.0.2" } @{$a->{sessions}}'
}
check "sessions --all shows who has not logged in" stranger

# Captures: one of everything, one of the echo session alone.
dump() { tcpdump -nn -r "$@" 2>/dev/null; }
capture() { # file words...: begins in the background, and is there when this returns
	local file=$1
	shift
	$CTL capture "$@" --write "$file" 2>"$file.said" 4>&- &
	captures+=($!)
	until_true 10 grep -q begins "$file.said"
}
captures=()
captured() {
	local id cat
	mkfifo "$work/words"
	ssh_to cat <"$work/words" >"$work/echoed" &
	cat=$!
	exec 4>"$work/words"
	until_true 10 json channels '3 == grep { $_->{started} } @{$a->{channels}}' || return 1
	id=$(perl -MJSON::PP -0ne '$a = decode_json($_); print map { $_->{session} } grep { $_->{what} eq "cat" } @{$a->{channels}}' "$work/json")
	one_port=$($CTL --json tcp "$id" | perl -MJSON::PP -0ne '$a = decode_json($_); print $a->{connections}[0]{port}')
	capture "$work/all" all && capture "$work/one" "$id" || return 1
	json 'capture status' '2 == grep { $_->{uid} == 0 && $_->{max_seconds} == 60 } @{$a->{captures}}' || return 1
	echo words >&4
	until_true 10 grep -q words "$work/echoed" || return 1
	ssh_to 'head -c 300000 /dev/zero' | cat >/dev/null
	ssh_to -tt 'echo a terminal' >/dev/null
	exec 4>&-
	wait $cat
	is "2 stopped" $CTL capture stop && wait "${captures[@]}"
}
check "capture: of all, and of one connection by its id; stopped" captured
one_alone() {
	local lines
	lines=$(dump "$work/one" | grep -c "10.77.0.2.$one_port > ")
	[ "$lines" -ge 3 ] && dump "$work/one" | grep -q "> 10.77.0.2.$one_port:" &&
	    ! dump "$work/one" | grep -v "\.$one_port[ :]" && dump "$work/all" | grep -qv "\.$one_port[ :]"
}
check "capture: of one has nothing of the others" one_alone
# Each connection that begins and ends in the file has all its bytes in both directions.
complete_streams() {
	tcpdump -nn -S -r "$work/all" tcp 2>/dev/null >"$work/lines" || return 1
	perl -ne 'next unless /IP6? (\S+) > (\S+): Flags \[(\S+)\]/;
		my ($k, $f) = ("$1 $2", $3);
		$isn{$k} = $1 if $f =~ /S/ && /seq (\d+)/;
		push @{$r{$k}}, [$1, $2] if /seq (\d+):(\d+)/ && $f !~ /S/;
		$fin{$k} = /seq \d+:(\d+)/ ? $1 : /seq (\d+)/ ? $1 : 0 if $f =~ /F/;
		END { for my $k (keys %fin) {
			next unless defined $isn{$k};
			my $at = $isn{$k} + 1;
			for (sort { $a->[0] <=> $b->[0] } @{$r{$k} || []}) { last if $_->[0] > $at; $at = $_->[1] if $_->[1] > $at }
			die "$k: a hole at $at of $fin{$k}\n" if $at != $fin{$k};
			$n++; $most = $fin{$k} - $isn{$k} if $fin{$k} - $isn{$k} > $most }
		print "$n directions, the longest of $most bytes\n"; exit($n >= 2 && $most > 300000 ? 0 : 1) }' "$work/lines"
}
check "capture: a login's connection is whole, both directions, the bytes of both ends" complete_streams
sums() {
	tcpdump -nn -vv -r "$work/all" tcp 2>/dev/null >"$work/lines"
	grep -c 'cksum.*correct' "$work/lines" && ! grep 'incorrect' "$work/lines"
}
check "capture: every checksum is right" sums
# IPQoS: cs1 without a terminal, af21 with one; nothing before the first session.
marked() { [ "$(dump "$work/all" "src host $HOST and tcp and ip[1] & 0xfc == $1" | wc -l)" -ge 1 ]; }
classes() { marked 0x20 && marked 0x48 && marked 0; }
check "capture: packets have the class of their session" classes
ends() { tail -c 8 "$work/one.said" >/dev/null && grep -q 'bytes written' "$work/one.said" && [ "$(stat -c %a "$work/one")" = 600 ]; }
check "capture: the file is the caller's" ends
stalled() { # who does not read costs frames, not connections
	local before after
	capture "$work/slow" all --seconds 30 || return 1
	kill -STOP $!
	before=$($CTL --json counters | perl -MJSON::PP -0ne 'print map { $_->{total} } grep { $_->{name} eq "capture_missed" } @{decode_json($_)->{counters}}')
	ssh_to 'head -c 60000000 /dev/zero' | sha256sum >"$work/sum"
	after=$($CTL --json counters | perl -MJSON::PP -0ne 'print map { $_->{total} } grep { $_->{name} eq "capture_missed" } @{decode_json($_)->{counters}}')
	head -c 60000000 /dev/zero | sha256sum | cmp - "$work/sum" || return 1
	kill -CONT ${captures[-1]}
	$CTL capture stop all && wait ${captures[-1]} || return 1
	echo "missed: $before, then $after"
	[ "$after" -gt "$before" ] && [ "$(dump "$work/slow" | wc -l)" -gt 100 ]
}
check "capture: a reader that stalls loses frames, the connections nothing" stalled
limited() {
	$CTL capture all --packets 5 >"$work/few" 2>"$work/said" &
	until_true 10 grep -q begins "$work/said" || return 1
	ssh_to true
	wait $! && [ "$(dump "$work/few" | wc -l)" = 5 ]
}
check "capture: five frames, to standard output" limited
check "capture of nonsense is refused" status 1 $CTL capture nonsense --write "$work/none"
check "capture of a connection that is not there is refused" status 1 $CTL capture 4000-1 --write "$work/none"

check "a member of ControlGroup may look" as 64302 sessions
check "and nobody else" status 3 as 64301 sessions
check "kill of what is not there is refused" status 1 $CTL kill 4000-1
check "kill of nonsense is refused" status 1 $CTL kill nonsense
check "an unknown verb is wrong usage" status 2 $CTL nonsense
check "a missing socket is told apart" status 3 "$ROOT/run/postern-inst/posternctl" -s "$work/none" status

killed() {
	local id
	$CTL --json channels >"$work/json"
	id=$(perl -MJSON::PP -0ne '$a = decode_json($_); print map { $_->{session} } grep { $_->{kind} eq "exec" } @{$a->{channels}}' "$work/json")
	as 64302 kill "$id" || return 1
	status 255 wait $long || return 1
	until_true 5 json sessions '@{$a->{sessions}} == 1' || return 1
	grep -q "session $id of tester from 10.77.0.2 port [0-9]* closed by the operator (uid 64302)" "$LOG"
}
check "kill of one by its id, by an operator: the others stay, the log says who" killed
told() {
	ssh_to -o LogLevel=INFO sleep 100 2>"$work/told" &
	local pid=$!
	until_true 10 two || return 1
	$CTL kill user:tester || return 1
	wait $pid
	wait $echo_pid
	grep -q 'closed by the operator' "$work/told" && json sessions '@{$a->{sessions}} == 0'
}
check "kill of a user's: the peer is told why" told
check "kill all of none is no error" is "0 closed" $CTL kill all

cp "$CONF" "$work/conf"
broken() {
	sed 's/^Port 22$/Port twentytwo/' "$work/conf" >"$CONF"
	local line
	line=$(grep -n '^Port' "$CONF" | cut -d: -f1)
	$CTL reload 2>"$work/said" && return 1
	cat "$work/said"
	grep -q "postern.conf:$line: Port: \"twentytwo\" found" "$work/said" || return 1
	grep -q 'nothing was changed' "$work/said" && ssh_to true
}
check "reload of a broken file: its line comes back, nothing changes" broken
fixed() {
	{ cat "$work/conf"; echo "GateProcesses 3"; echo "PermitTTY no"; } >"$CONF"
	json reload '"@{$a->{not_applied}}" =~ /GateProcesses/ && $a->{generation} > 1' || return 1
	status 255 ssh_to -tt test -t 0
}
check "reload: what is applied, and what is not" fixed
cp "$work/conf" "$CONF"
check "reload of the old one" $CTL reload
check "which is in effect" ssh_to -tt test -t 0
new_key() { # in the place of the old one, under a session that goes on
	local key=$ROOT/etc/postern/ssh_host_ed25519_key
	ssh_to cat < <(until [ -e "$work/rekeyed" ]; do sleep 0.1; done; echo still here) >"$work/still" &
	local pid=$!
	until_true 10 json channels '@{$a->{channels}} == 1' || return 1
	rm "$key" "$key.pub"
	$CTL reload 2>"$work/said" && grep -q 'warning: HostKey .*/ssh_host_ed25519_key: No such file' "$work/said" || return 1
	ssh-keygen -q -t ed25519 -N '' -f "$key"
	$CTL reload || return 1
	echo "$HOST $(cut -d' ' -f1,2 "$key.pub")" >"$work/known"
	new() { client ssh -o UserKnownHostsFile="$work/known" "${ssh_opts[@]}" "$SSH_USER@$HOST" true; }
	until_true 5 new || return 1
	touch "$work/rekeyed"
	wait $pid && grep -q 'still here' "$work/still"
}
check "reload: a new host key, under a session that goes on" new_key

# A trace: each record of a session by its number, none of the words in them.
traced() {
	local id pid
	mkfifo "$work/typed"
	client ssh -o UserKnownHostsFile="$work/known" "${ssh_opts[@]}" "$SSH_USER@$HOST" cat <"$work/typed" >"$work/typed.got" &
	pid=$!
	exec 5>"$work/typed"
	until_true 10 json channels '1 == grep { $_->{started} } @{$a->{channels}}' || return 1
	id=$(perl -MJSON::PP -0ne '$a = decode_json($_); print $a->{channels}[0]{session}' "$work/json")
	$CTL --json trace "$id" >"$work/records" 2>"$work/trace.said" 5>&- &
	until_true 10 grep -q begins "$work/trace.said" || return 1
	echo secretwords >&5
	until_true 10 grep -q secretwords "$work/typed.got" || return 1
	until_true 10 both_ways || return 1
	is "1 stopped" $CTL trace "$id" off && wait %% && tail -n 1 "$work/records" | grep -q '"missed":0' || return 1
	exec 5>&-
	wait $pid && ! grep -q secretwords "$work/records"
}
both_ways() {
	grep -q '"direction":"in".*"message":94,"name":"CHANNEL_DATA","payload":21,' "$work/records" &&
	    grep -q '"direction":"out".*"phase":"open","message":94' "$work/records"
}
check "trace: records of one session, both ways; off" traced
check "trace: of nobody's session" status 1 $CTL trace 999-1
check "trace: neither on nor off" status 2 $CTL trace all perhaps

# New keys on request: of one session and of all, while they work.
rekeys() { $CTL --json status | grep -o '"rekeys": *[0-9]*' | grep -o '[0-9]*$'; }
asked() {
	local before pid
	before=$(rekeys)
	mkfifo "$work/more"
	client ssh -o UserKnownHostsFile="$work/known" "${ssh_opts[@]}" "$SSH_USER@$HOST" cat <"$work/more" >"$work/more.got" &
	pid=$!
	exec 5>"$work/more"
	echo one >&5
	until_true 10 grep -q one "$work/more.got" || return 1
	json sessions '@{$a->{sessions}} >= 1' || return 1
	is "1 asked" $CTL rekey "$(perl -MJSON::PP -0ne '$a = decode_json($_); print $a->{sessions}[0]{id}' "$work/json")" || return 1
	until_true 10 more_than $((before + 1)) || return 1
	# One that comes while the other still runs changes nothing.
	again() { is "1 asked" $CTL rekey all && more_than $((before + 2)); }
	until_true 10 again || return 1
	echo two >&5
	exec 5>&-
	wait $pid && grep -q two "$work/more.got" && status 1 $CTL rekey user:nobody && status 2 $CTL rekey
}
more_than() { [ "$(rekeys)" -ge "$1" ]; }
check "rekey: of one session, of all; of nobody" asked
finish
