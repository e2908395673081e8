#!/bin/bash
# Compression after the login (zlib@openssh.com): OpenSSH, dropbear and PuTTY, exact both
# ways across rekeys by either side, while roles are killed, and without memory left behind.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roles.sh"
LIMIT=100
bed_up --set 'RekeyLimit 8M'
mib=${MIB:-4}

# Half of it shrinks, half does not, in pieces that no record keeps to.
perl -e 'my $n = shift; my $i = 0; open R, "/dev/urandom";
    while (length $out < $n) { $out .= "line ".$i++." of many that are alike\n" x 37; read R, my $r, 1013; $out .= $r }
    print substr($out, 0, $n)' $((mib * 1048576)) >"$work/data"
sum=$(sha256sum <"$work/data")
cp "$work/data" "$ROOT/home/$SSH_USER/data"
agreed() { [ "$(client ssh -v -C "${ssh_opts[@]}" -o LogLevel=DEBUG1 "$SSH_USER@$HOST" true 2>&1 | grep -c 'compression: zlib@openssh.com')" -eq 2 ]; }
up() { [ "$("$@" sha256sum <"$work/data")" = "$sum" ]; }
down() { [ "$("$@" 'cat data' </dev/null | sha256sum)" = "$sum" ]; }
both() { [ "$("$@" cat <"$work/data" | sha256sum)" = "$sum" ]; }
plain() { client ssh "${ssh_opts[@]}" "$SSH_USER@$HOST" "$@"; }
openssh() { client ssh -C "${ssh_opts[@]}" ${limit:+-o RekeyLimit=$limit} "$SSH_USER@$HOST" "$@"; }
dropbear() { HOME=$work client dbclient -y -i "$work/id.db" "$SSH_USER@$HOST" "$@" 2>/dev/null; }
putty() { HOME=$work client plink -ssh -batch -C -no-trivial-auth -hostkey "$fingerprint" -i "$work/id.ppk" "$SSH_USER@$HOST" "$@"; }
cp "$SSH_KEY" "$work/id"
dropbearconvert openssh dropbear "$work/id" "$work/id.db" >/dev/null 2>&1
puttygen "$work/id" -o "$work/id.ppk"
fingerprint=$(ssh-keygen -lf "$ROOT/etc/postern/ssh_host_ed25519_key.pub" | awk '{ print $2 }')

counter() { $CTL counters | awk -v name="$1" '$1 == name { n = $2 } END { print n + 0 }'; }
# More was transferred than was on the wire, in both directions.
smaller() { # command...
	local in_wire in_plain out_wire out_plain
	in_wire=$(counter zip_in_wire) in_plain=$(counter zip_in_plain)
	out_wire=$(counter zip_out_wire) out_plain=$(counter zip_out_plain)
	"$@" || return 1
	until_true 5 shrunk in "$in_wire" "$in_plain" && until_true 5 shrunk out "$out_wire" "$out_plain"
}
shrunk() { # in|out wire plain: since these counts half a transfer at least, by a quarter at least
	local plain=$(($(counter "zip_$1_plain") - $3)) wire=$(($(counter "zip_$1_wire") - $2))
	[ $plain -gt $((mib * 524288)) ] && [ $wire -lt $((plain * 3 / 4)) ]
}

check "OpenSSH: zlib@openssh.com is agreed on when the client asks" agreed
check "OpenSSH: $mib MiB up and down at once, compressed" smaller both openssh
limit=1M
for how in up down both; do
	check "OpenSSH: $mib MiB $how, a rekey every MiB" $how openssh
done
limit=
# A client that tells each step: new keys in the middle, more than a window both ways.
script_client=${BIN:-build/bin}/tests/script-client
steps() { # compression: the whole way
	client "$script_client" "timeout 60" "connect $HOST $PORT" "offer compression $1" ident kexinit kexdh newkeys service \
	    "auth $SSH_USER $SSH_KEY" open "exec cat data; cat" "wait-bytes $((mib * 1048576))" rekey "data some words" eof "wait-exit 0" close \
	    "zipped ${2:-yes}"
}
check "the scripted client: compressed across a rekey" steps zlib@openssh.com
check "and not, where it names none" steps none no
for c in dropbear putty; do
	check "$c: $mib MiB up and down at once, compressed" smaller both $c
done

# Each role in turn, under one transfer that goes both ways and rekeys.
killed() {
	local role pids bad=0
	rm -f "$work/got"
	(for _ in 1 2 3 4; do cat "$work/data"; done; until_true 60 test -e "$work/go"; cat "$work/data") |
	    client ssh -C "${ssh_opts[@]}" -o RekeyLimit=2M "$SSH_USER@$HOST" cat | sha256sum >"$work/got" &
	for role in gate clerk all; do
		pids=$(role_pids $role)
		signal_role KILL $role || bad=1
		until_true 30 role_back $role "$pids" || { echo "$role is not back"; bad=1; }
	done
	touch "$work/go"
	wait $!
	[ "$(cat "$work/got")" = "$(for _ in 1 2 3 4 5; do cat "$work/data"; done | sha256sum)" ] || bad=1
	return $bad
}
check "OpenSSH: gate, clerk, and all of the control plane killed under a compressed transfer" killed

none_left() { $CTL limits | awk '/^zip_/ { rows++; n += $4; high += $5 } END { print rows, n, high; exit !(rows == 4 && n == 0 && high >= 4) }'; }
check "nobody's memory is left" until_true 10 none_left

# Beside a neighbour that sends both ways as fast as it can, compressed or not: how long a
# line takes there and back, on a connection that does not compress. Medians of one run are
# compared: what a worker compresses in one round is bounded, and so is what others wait.
rtts() { # file: 150 lines, one at a time; the median and others in us
	client perl -MIPC::Open2 -MTime::HiRes=time -e '$| = 1;
	    my $pid = open2(my $out, my $in, @ARGV) or die; $in->autoflush(1);
	    for (1 .. 150) { my $t = time; print $in "line\n"; defined(<$out>) or die "lost"; push @t, time - $t }
	    close $in; @t = sort { $a <=> $b } @t;
	    printf "%d %d %d\n", map { 1e6 * $t[$_ * $#t] } .5, .9, .99' \
	    ssh "${ssh_opts[@]}" -o Compression=no "$SSH_USER@$HOST" cat >"$1"
}
beside() { # file ssh-options...: the neighbour goes on until all lines are back
	local file=$1 busy status
	shift
	rm -f "$work/enough"
	(while [ ! -e "$work/enough" ]; do cat "$work/data"; done) |
	    client ssh "$@" "${ssh_opts[@]}" "$SSH_USER@$HOST" cat | { head -c 65536 >"$work/busy"; cat >/dev/null; } &
	busy=$!
	until_true 20 test -s "$work/busy" && rtts "$file"
	status=$?
	touch "$work/enough"
	wait $busy
	rm -f "$work/busy"
	return $status
}
neighbours() {
	local plain zipped
	beside "$work/plain" -o Compression=no && beside "$work/zipped" -C || return 1
	plain=$(cut -d' ' -f1 "$work/plain") zipped=$(cut -d' ' -f1 "$work/zipped")
	echo "us, 50 90 99 %: beside plain: $(cat "$work/plain"), beside compressed: $(cat "$work/zipped")" | tee "$work/rtts"
	[ "$plain" -gt 0 ] && [ "$zipped" -lt $((plain * 30)) ]
}
check "a line's way beside a busy stream: compressed it waits no 30 times as long as beside a plain one" neighbours
cat "$work/rtts"

# Without it: a client that insists on nothing else still gets in.
echo 'Compression no' >>"$CONF"
$CTL reload >/dev/null
off() { client ssh -v -C "${ssh_opts[@]}" -o LogLevel=DEBUG1 "$SSH_USER@$HOST" true 2>&1 | grep -q 'compression: none'; }
check "Compression no: none is agreed on" until_true 10 off
finish
