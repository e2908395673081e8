#!/bin/bash
# Forwarding with a stock client: -L, -D, -W, -J, -R, UNIX sockets both ways, rules.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roles.sh"
tools/deps.sh socat curl || exit 1
bed_up --set 'PermitOpen 127.0.0.1:* localhost:* [::1]:*' --set 'PermitListen 9000 localhost:0'

server() { ip netns exec "$SERVER_NETNS" "$@"; }
as_user() { nsenter -t "$MONITOR_PID" -m -n setpriv --reuid 64301 --regid 64301 --clear-groups "$@"; }
pids=
background() {
	"$@" >>"$work/background" 2>&1 &
	pids="$pids $!"
}
stop() { # shellcheck disable=SC2086
	kill $pids 2>/dev/null
	bed_down
}
trap stop EXIT

# On the server's side: who returns what it gets, and who sends a file.
big=$work/big
head -c 67108864 /dev/urandom >"$big"
sum=$(sha256sum <"$big")
background server socat TCP4-LISTEN:7001,bind=127.0.0.1,fork,reuseaddr EXEC:cat
background server socat -u TCP4-LISTEN:7002,bind=127.0.0.1,fork,reuseaddr SYSTEM:"sha256sum >$work/got"
background server socat -U TCP4-LISTEN:7003,bind=127.0.0.1,fork,reuseaddr SYSTEM:"cat $big"
background server socat TCP4-LISTEN:7004,bind=127.0.0.1,fork,reuseaddr SYSTEM:"wc -c"
listens() { server ss -ltn | grep -q "127.0.0.1:$1 "; }
for port in 7001 7002 7003 7004; do
	check "a server at $port" until_true 10 listens $port
done

# One connection for all: what is forwarded can be added and taken away.
mux=(-o ControlPath="$work/mux" -S "$work/mux")
control() { client ssh "${ssh_opts[@]}" "${mux[@]}" "$@" "$SSH_USER@$HOST"; }
check "a master connection" control -M -f -N -L 8001:127.0.0.1:7001 -L 8002:127.0.0.1:7002 \
	-L 8003:localhost:7003 -L 8004:127.0.0.1:7004 -L 8005:127.0.0.1:1 -L 8006:192.0.2.1:80 -D 1080

through() { client socat -t 30 - "TCP4:127.0.0.1:$1"; }
echoes() { is "$2" sh -c "echo $2 | timeout 30 ip netns exec $NETNS socat -t 30 - TCP4:127.0.0.1:$1"; }
check "-L" echoes 8001 there-and-back
upload() {
	rm -f "$work/got"
	through 8002 <"$big" >/dev/null
	until_true 20 grep -q "${sum%% *}" "$work/got"
}
check "-L: 64 MiB to the server" upload
download() { is "$sum" sh -c "timeout 100 ip netns exec $NETNS socat -u TCP4:127.0.0.1:8003 - | sha256sum"; }
check "-L: 64 MiB from the server, by name" download
half() { is 5 sh -c "printf 12345 | timeout 30 ip netns exec $NETNS socat -t 30 - TCP4:127.0.0.1:8004"; }
check "half-closed: the answer comes after the end of what was sent" half
closed() { is "" through "$1" </dev/null; }
check "connection refused closes the channel" closed 8005
check "PermitOpen" closed 8006
check "the connection goes on" echoes 8001 still-there
check "-D" is "there" sh -c "printf there | timeout 30 ip netns exec $NETNS socat -t 30 - SOCKS4A:127.0.0.1:127.0.0.1:7001,socksport=1080"
refusal() { client ssh -o LogLevel=INFO "${ssh_opts[@]}" -W "$1" "$SSH_USER@$HOST" </dev/null 2>&1 | grep -q "$2"; }
check "-W" is "pipe" sh -c "printf pipe | timeout 30 ip netns exec $NETNS ssh ${ssh_opts[*]} -W 127.0.0.1:7001 $SSH_USER@$HOST"
check "refused with its reason" refusal 127.0.0.1:1 'Connection refused'
check "prohibited by name" refusal 192.0.2.1:80 'prohibited'

# The service itself is not in the kernel that its forwarding sees: around, by a file.
background client socat UNIX-LISTEN:"$work/around.sock",fork "TCP4:$HOST:22"
background server socat TCP4-LISTEN:7005,bind=127.0.0.1,fork,reuseaddr UNIX-CONNECT:"$work/around.sock"
printf '%s\n' "Host *" "IdentityFile $SSH_KEY" "IdentitiesOnly yes" "BatchMode yes" "LogLevel ERROR" \
	"UserKnownHostsFile $KNOWN_HOSTS" "StrictHostKeyChecking yes" "HostKeyAlias $HOST" >"$work/config"
check "a way around" until_true 10 listens 7005
check "-J" is jumped client ssh -F "$work/config" -J "$SSH_USER@$HOST" -p 7005 "$SSH_USER@127.0.0.1" echo jumped

# A peer that does not read stops its own channel alone.
stalled() {
	background client socat -u TCP4:127.0.0.1:8003 SYSTEM:'sleep 1000'
	echoes 8001 beside-it
}
check "a reader that stands still" stalled

# Whoever dies of the control plane: what runs goes on, what comes meanwhile is answered.
survives() {
	local pids_of
	pids_of=$(role_pids "$1")
	[ -n "$pids_of" ] || return 1
	mkfifo "$work/$1.in"
	timeout 60 ip netns exec "$NETNS" socat -t 30 - TCP4:127.0.0.1:8001 <"$work/$1.in" >"$work/$1.out" &
	local reader=$!
	exec 7>"$work/$1.in"
	echo before >&7
	until_true 10 grep -q before "$work/$1.out" || return 1
	# shellcheck disable=SC2086
	kill -KILL $pids_of
	echoes 8001 meanwhile || return 1
	echo after >&7
	exec 7>&-
	wait "$reader"
	[ "$(tail -1 "$work/$1.out")" = after ]
}
check "clerk killed: channels go on, a new one opens" survives clerk
check "all of the control plane killed: the same" survives all

# UNIX sockets on the server's side are the user's.
background as_user socat UNIX-LISTEN:/home/tester/echo.sock,fork EXEC:cat
check "a UNIX socket on the server" until_true 10 test -S "$ROOT/home/tester/echo.sock"
check "-L to a UNIX socket" control -O forward -L 8007:/home/tester/echo.sock
check "and through it" echoes 8007 by-path

# The other way: what connects on the server comes out here.
background client socat TCP4-LISTEN:6001,bind=127.0.0.1,fork,reuseaddr EXEC:cat
background client socat -u TCP4-LISTEN:6002,bind=127.0.0.1,fork,reuseaddr SYSTEM:"sha256sum >$work/came"
background client socat UNIX-LISTEN:"$work/here.sock",fork EXEC:cat
check "-R" control -O forward -R 9000:127.0.0.1:6001
from_server() { is "$2" sh -c "echo $2 | timeout 30 ip netns exec $SERVER_NETNS socat -t 30 - $1"; }
check "a connection to it" from_server TCP4:127.0.0.1:9000 backwards
check "over IPv6" from_server 'TCP6:[::1]:9000' backwards6
outside() { ! server socat -t 2 - TCP4:10.77.0.1:9000 </dev/null; }
check "GatewayPorts no: on loopback alone" outside
check "-R: cancelled" control -O cancel -R 9000:127.0.0.1:6001
gone() { ! server ss -ltn | grep -q ":$1 "; }
check "and nothing listens any more" until_true 10 gone 9000
check "PermitListen" status 255 control -O forward -R 9001:127.0.0.1:6001
any() {
	port=$(control -O forward -R localhost:0:127.0.0.1:6002) && [ "$port" -gt 0 ]
}
check "-R with port 0 tells which" any
back() {
	server socat -u "OPEN:$big" "TCP4:127.0.0.1:$port" &&
	    until_true 20 grep -q "${sum%% *}" "$work/came"
}
check "-R: 64 MiB from the server" back
check "-R with a UNIX socket" control -O forward -R "/home/tester/back.sock:$work/here.sock"
check "and through it" is unix sh -c "echo unix | timeout 30 nsenter -t $MONITOR_PID -m -n setpriv --reuid 64301 --regid 64301 --clear-groups socat -t 30 - UNIX-CONNECT:/home/tester/back.sock"
check "for the user alone (StreamLocalBindMask)" is 600 stat -c %a "$ROOT/home/tester/back.sock"
check "ends" control -O exit
check "with the connection its sockets are gone" until_true 20 sh -c "! [ -e $ROOT/home/tester/back.sock ] && ! ip netns exec $SERVER_NETNS ss -ltn | grep -q 127.0.0.1:$port' '"

finish
