# Sourced after lib.sh: bad wires (relay.c) between clients and two servers, postern in
# the testbed NAME and an sshd on the kernel's TCP, for as many lanes as asked for.
#
#   wires_up N                  N lanes, each with a client's namespace
#   relay_up LANE WHO SPEC      the wire of this lane to WHO (postern, linux) is bad from
#   relay_down LANE WHO         now on; until
#   on_lane LANE WHO command... ssh to WHO from the lane's client
#   transfer LANE WHO down|up BYTES   prints: bytes, seconds, sha256, as the receiver saw it;
#                               the time is from the first byte down, and from when the
#                               receiver said that it is ready up
#
#   lane i                  wires                                  servers
#   pst-NAME-i:  cl0 ---- c.i [relay] s.i ---- p.i  bridge  w0 ---- dp0  postern
#                ck0 ---- d.i [relay] t.i ---- q.i  bridge  k0 ---- sk0  sshd, pst-NAME-k
#                            all of it in pst-NAME-w
#
# Every offload of every veth is off. The kernels use CUBIC (by their routes: a namespace
# may not choose what the machine does not allow to all), and remember nothing of earlier
# connections.
wires_ns=pst-$NAME-w
linux_ns=pst-$NAME-k
linux_address=10.78.0.1
lanes=0
relays=$work/relays

lane_ns() { echo "pst-$NAME-$1"; }

quiet_dev() { # namespace device
	ip netns exec "$1" sysctl -qw "net.ipv6.conf.$2.disable_ipv6=1" 2>/dev/null
	ip netns exec "$1" ethtool -K "$2" tx off rx off tso off gso off gro off sg off >/dev/null 2>&1
	ip -n "$1" link set "$2" up
}

join() { # namespace device namespace device: a veth
	ip link add "$2" netns "$1" type veth peer name "$4" netns "$3" || return 1
	quiet_dev "$1" "$2"
	quiet_dev "$3" "$4"
}

plug() { # bridge device...
	local br=$1 d
	shift
	for d in "$@"; do ip -n "$wires_ns" link set "$d" master "$br"; done
}

address() { # namespace device network host
	ip netns exec "$1" sysctl -qw net.ipv4.tcp_no_metrics_save=1
	ip -n "$1" addr add "$3.$4/24" dev "$2"
	ip -n "$1" route replace "$3.0/24" dev "$2" proto kernel scope link src "$3.$4" congctl cubic
}

add_ns() {
	ip netns del "$1" 2>/dev/null
	ip netns add "$1"
}

lane_up() {
	local ns
	ns=$(lane_ns "$1")
	add_ns "$ns" || return 1
	join "$ns" cl0 "$wires_ns" "c.$1" && join "$wires_ns" "s.$1" "$wires_ns" "p.$1" || return 1
	join "$ns" ck0 "$wires_ns" "d.$1" && join "$wires_ns" "t.$1" "$wires_ns" "q.$1" || return 1
	plug br0 "p.$1"
	plug br1 "q.$1"
	address "$ns" cl0 10.77.0 $((10 + $1))
	address "$ns" ck0 10.78.0 $((10 + $1))
}

linux_sshd() {
	local dir=$work/sshd peer_sshd
	peer_sshd=$(tools/peer_sshd.sh get "${BUILD:-build}/peer/sshd") || return 1
	mkdir -m 700 "$dir"
	ssh-keygen -q -t ed25519 -N '' -f "$dir/host"
	cat >"$dir/config" <<-END
		Port 22
		ListenAddress $linux_address
		HostKey $dir/host
		AuthorizedKeysFile $SSH_KEY.pub
		StrictModes no
		UsePAM no
		PermitRootLogin yes
		PidFile none
		MaxStartups 1000
		LogLevel ERROR
	END
	ip netns exec "$linux_ns" tools/peer_sshd.sh run "$peer_sshd" -D -f "$dir/config" 2>"$dir/log" &
	sshd_pid=$!
	echo "$linux_address $(cut -d' ' -f1,2 "$dir/host.pub")" >>"$KNOWN_HOSTS"
}

wires_up() {
	local i
	lanes=$1
	mkdir -p "$relays"
	chmod 755 "$work"
	add_ns "$wires_ns" && add_ns "$linux_ns" || return 1
	for i in br0 br1; do
		ip -n "$wires_ns" link add $i type bridge mcast_snooping 0
		quiet_dev "$wires_ns" $i
	done
	# The testbed's own client has served its purpose.
	ip -n "$NETNS" link set cl0 down
	ip -n "$NETNS" link set cl0 netns "$wires_ns" name w0
	quiet_dev "$wires_ns" w0
	join "$wires_ns" k0 "$linux_ns" sk0
	plug br0 w0
	plug br1 k0
	address "$linux_ns" sk0 10.78.0 1
	for i in $(seq "$lanes"); do lane_up "$i" || return 1; done
	linux_sshd
}

wires_down() {
	local i
	for i in $(seq "$lanes"); do
		relay_down "$i" postern
		relay_down "$i" linux
		ip netns del "$(lane_ns "$i")" 2>/dev/null
	done
	[ -n "${sshd_pid:-}" ] && kill "$sshd_pid" 2>/dev/null && wait "$sshd_pid" 2>/dev/null
	ip netns del "$linux_ns" 2>/dev/null
	ip netns del "$wires_ns" 2>/dev/null
	bed_down
}
trap wires_down EXIT

relay_up() { # lane who spec
	local at=$relays/$1.$2 pair="c.$1 s.$1"
	[ "$2" = linux ] && pair="d.$1 t.$1"
	: >"$at.out"
	# shellcheck disable=SC2086
	ip netns exec "$wires_ns" "${BIN:-build/bin}/tests/relay" --impair "$3" ${CAPTURE:+--capture "$CAPTURE-$1-$2" --snap 120} \
	    $pair >"$at.out" 2>&1 &
	echo $! >"$at.pid"
	until_true 5 grep -q ready "$at.out" || { cat "$at.out"; return 1; }
}

relay_down() { # lane who
	local at=$relays/$1.$2 pid
	[ -f "$at.pid" ] || return 0
	pid=$(cat "$at.pid")
	rm -f "$at.pid"
	kill "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	return 0
}

lane_command() { # lane who: ssh_command, without what is to be run
	local to=$SSH_USER@$HOST
	[ "$2" = linux ] && to=root@$linux_address
	ssh_command=(timeout -k 5 "${LIMIT:-120}" ip netns exec "$(lane_ns "$1")" ssh "${ssh_opts[@]}"
	    -c aes128-gcm@openssh.com -o ConnectTimeout=60 "$to")
}

on_lane() { # lane who command...
	local ssh_command
	lane_command "$1" "$2"
	shift 2
	"${ssh_command[@]}" "$@"
}

# Reads to the end: bytes, the times of the first of them and of the end, sha256. It says
# when it is ready, so that nobody sends while it starts.
meter='use Digest::SHA; use Time::HiRes "time"; $| = 1; binmode STDIN; my $s = Digest::SHA->new(256); my ($n, $t0) = (0, 0);
print "ready\n" if @ARGV; while ((my $l = sysread(STDIN, my $b, 1 << 18)) > 0) { $t0 ||= time; $n += $l; $s->add($b) }
printf "%d %.6f %.6f %s\n", $n, $t0, time, $s->hexdigest'

# BYTES FILE COMMAND...: sends to a meter that is ready; the time begins here.
sender='use IPC::Open2; use Time::HiRes "time"; my ($left, $file, @run) = @ARGV; open(my $f, "<", $file) or die; $SIG{PIPE} = "IGNORE";
my $pid = open2(my $from, my $to, @run); <$from> eq "ready\n" or exit 1; my $t0 = time;
while ($left > 0 and (my $l = sysread($f, my $b, $left < 65536 ? $left : 65536)) > 0) { $left -= $l;
    for (my $o = 0; $o < $l;) { my $w = syswrite($to, $b, $l - $o, $o); exit 1 unless $w; $o += $w } }
close $to; my ($n, undef, $t1, $sha) = split " ", <$from>; printf "%d %.6f %s\n", $n, $t1 - $t0, $sha; waitpid $pid, 0'

# What is sent, once for all: nothing that a compressor or a checksum could like.
data_up() { # bytes
	head -c "$1" /dev/urandom >"$work/data"
	chmod 644 "$work/data"
}

transfer() { # lane who direction bytes
	local ssh_command
	lane_command "$1" "$2"
	if [ "$3" = down ]; then
		"${ssh_command[@]}" "head -c $4 $work/data" </dev/null | perl -e "$meter" |
		    awk '{ printf "%d %.6f %s\n", $1, $3 - $2, $4 }'
	else
		perl -e "$sender" "$4" "$work/data" "${ssh_command[@]}" "perl -e '$meter' ready"
	fi
}
