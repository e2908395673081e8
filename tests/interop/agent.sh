#!/bin/bash
# Agent forwarding and X11: stock ssh, and the scripted client where a stock one says no
# such thing. Takes about 12 s.
. "$(dirname "$0")/lib.sh"
tools/deps.sh xauth x11-utils
LIMIT=60
bed_up
client_bin=${BIN:-build/bin}/tests/script-client
does() { # what step...
	local what=$1
	shift
	check "$what" client "$client_bin" "timeout 20" "connect $HOST $PORT" "$@"
}

# ---- agent ---------------------------------------------------------------------------------
eval "$(ssh-agent -a "$work/agent")" >/dev/null
trap 'kill $SSH_AGENT_PID; bed_down' EXIT
ssh-add -q "$SSH_KEY" 2>/dev/null
print=$(ssh-keygen -lf "$SSH_KEY" | cut -d' ' -f2)

in_session() { ssh_to -A ssh-add -l | grep -qF "$print"; }
check "ssh -A: ssh-add -l in the session lists the key" in_session
check "without -A there is no agent" is "" ssh_to 'echo $SSH_AUTH_SOCK'
check "the socket is the user's alone: 0600 in a folder of 0700" is "600 tester 700 tester" ssh_to -A \
    'echo $(stat -c "%a %U" "$SSH_AUTH_SOCK" "${SSH_AUTH_SOCK%/*}")'
# The key is nowhere on that machine: the second login, to an sshd there that knows it, is by
# the first client's agent.
sshd=$(tools/peer_sshd.sh get "${BUILD:-build}/peer-sshd")
ssh_to "mkdir -p hop && ssh-keygen -q -t ed25519 -N '' -f hop/key && cat >hop/known && cp .ssh/authorized_keys hop/keys" </dev/null
hop() {
	ssh_to -A "ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=hop/known -o LogLevel=ERROR \
	    -o 'ProxyCommand $sshd -i -f /dev/null -h /home/$SSH_USER/hop/key -o StrictModes=no -o UsePAM=no -o AuthorizedKeysFile=/home/$SSH_USER/hop/keys' \
	    hop 'echo hopped as \$(id -un)'"
}
check "a second hop logs in by the forwarded agent" is "hopped as $SSH_USER" hop
signs() { # a signature by the peer's agent
	ssh_to -A 'd=$(mktemp -d) && ssh-add -L >$d/k.pub && echo hello >$d/m && ssh-keygen -q -Y sign -n test -f $d/k.pub $d/m &&
	    ssh-keygen -Y check-novalidate -n test -s $d/m.sig <$d/m; r=$?; rm -r $d; exit $r'
}
check "a signature in the session is the client's agent's" signs
many() { # connections at once
	ssh_to -A 'for i in $(seq 20); do ssh-add -l >/tmp/agent.$i & done; wait; sort -u /tmp/agent.* | wc -l; rm /tmp/agent.*'
}
check "twenty connections to the agent at once" is 1 many
socket_of() { ssh_to -A 'echo ${SSH_AUTH_SOCK%/*}'; }
folder=$(socket_of)
gone() { until_true 20 ssh_to "test ! -e $folder"; }
check "the folder is gone with the connection" gone
no_agent() { # the client's agent does not answer: the session's programs see an end
	SSH_AUTH_SOCK=$work/none ssh_to -o ForwardAgent=yes 'test -z "$SSH_AUTH_SOCK" || ! ssh-add -l'
}
check "a client without an agent" no_agent

# ---- the opens themselves, by a client that answers as it likes ----------------------------
str() { printf '%08x' ${#1}; printf %s "$1" | od -An -v -tx1 | tr -d ' \n'; }
login=(ident kex service "auth $SSH_USER $SSH_KEY" "see 80")
does "a confirmation of a channel that nobody opened" "${login[@]}" open \
    "send 5b00000007000000000001000000008000" "expect-close 2"
does "a refusal of one that nobody opened" "${login[@]}" open "send 5c0000000700000002$(str no)$(str "")" "expect-close 2"
does "a reply to no global request is dropped" "${login[@]}" "send 51" "send 52" open "exec true" "wait-exit 0"

# ---- X11 -----------------------------------------------------------------------------------
# A server that knows one cookie, in the client's namespace: display 77.
cookie=$(od -An -v -N16 -tx1 /dev/urandom | tr -d ' \n')
export XAUTHORITY=$work/xauthority
xauth -q add 127.0.0.1:77 MIT-MAGIC-COOKIE-1 "$cookie" 2>/dev/null
cat >"$work/xserver" <<'END'
use strict; use IO::Socket::INET;
my ($port, $cookie) = @ARGV;
my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 8, ReuseAddr => 1) or die;
$| = 1; print "ready\n";
while (my $c = $s->accept) {
	next if fork;
	# Connection setup: byte order, major, minor, lengths of name and data.
	read $c, my $head, 12 or exit;
	my $f = substr($head, 0, 1) eq 'l' ? 'v' : 'n';
	my ($nlen, $dlen) = unpack "x6 ${f}2", $head;
	my $pad = sub { ($_[0] + 3) & ~3 };
	read $c, my $name, $pad->($nlen) if $nlen; read $c, my $data, $pad->($dlen) if $dlen;
	my $ok = defined $data && unpack('H*', substr($data, 0, $dlen)) eq $cookie;
	# "Failed", with a reason: all that a client needs to have been heard.
	my $why = $ok ? 'the cookie is right' : 'the cookie is wrong'; $why .= ' ' x (-length($why) & 3);
	print $c pack("C C ${f} ${f} ${f}", 0, length $why, 11, 0, length($why) / 4), $why;
	exit;
}
END
client perl "$work/xserver" 6077 "$cookie" >"$work/xserver.out" 2>&1 &
xserver=$!
trap 'kill $SSH_AGENT_PID $xserver; bed_down' EXIT
check "a display for the client" until_true 20 grep -q ready "$work/xserver.out"

x_to() { DISPLAY=127.0.0.1:77 ssh_to "$@"; }
x_ends() { x_to "$1" 'xdpyinfo 2>&1; :' | tee /dev/stderr | grep -q 'the cookie is right'; }
check "ssh -Y: a program there reaches the display with the cookie replaced" x_ends -Y
check "DISPLAY is one of localhost's, from 10 on" x_to -Y '[[ $DISPLAY =~ ^localhost:1[0-9]\.0$ ]]'
check "its cookie is not the client's" x_to -Y "xauth list | grep -q 'unix:1[0-9] ' && ! xauth list | grep -q $cookie"
check "without -X there is no display" is "" ssh_to 'echo $DISPLAY'
forged() { x_to -Y 'n=${DISPLAY#*:}; xauth -q remove unix:${n} 2>/dev/null; xdpyinfo 2>&1; :' | tee /dev/stderr | grep -vq 'the cookie is right'; }
check "a program without the cookie is refused" forged

# Two sessions of one connection: displays of their own, each gone with its session.
control=(-o ControlPath="$work/control")
DISPLAY=127.0.0.1:77 ssh_to -Y -M -N -f "${control[@]}" </dev/null >/dev/null 2>&1
share() { x_to -Y "${control[@]}" "$@"; }
both() {
	mkfifo "$work/line"
	share 'echo $DISPLAY; read -r line' <"$work/line" >"$work/first" &
	exec 9>"$work/line"
	until_true 20 test -s "$work/first" && share 'echo $DISPLAY' >"$work/second"
	exec 9>&-
	wait $!
	cat "$work/first" "$work/second"
	[ -s "$work/second" ] && ! cmp -s "$work/first" "$work/second"
}
check "two sessions of one connection have two displays" both
forgotten() { [ -z "$(ssh_to 'xauth list 2>/dev/null')" ]; }
check "xauth has forgotten them when they are over" until_true 20 forgotten
ssh "${control[@]}" -O exit x 2>/dev/null

# ---- what is not allowed -------------------------------------------------------------------
sed -i 's/^X11Forwarding yes/X11Forwarding no/; s/^AllowAgentForwarding yes/AllowAgentForwarding no/' "$CONF"
$CTL reload >/dev/null
until_off() { [ -z "$(ssh_to -A 'echo $SSH_AUTH_SOCK')" ]; }
check "AllowAgentForwarding no" until_true 20 until_off
check "X11Forwarding no" is "" x_to -Y 'echo $DISPLAY'
finish
