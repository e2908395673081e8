#!/bin/bash
# The client role against two servers, by engine-client: the engine of control/client on
# a kernel socket. Logins by key, agent, password, dialogue; data both ways; new keys; and
# what known_hosts says. Against an sshd with several host keys and a certificate, and
# against the service.
. "$(dirname "$0")/lib.sh"
engine=${BIN:-build/bin}/tests/engine-client
sshd_address=10.79.0.1

# An sshd on a veth of its own, between the same two namespaces.
sshd_up() {
	local dir=$work/sshd peer type
	peer=$(tools/peer_sshd.sh get "${BUILD:-build}/peer/sshd") || return 1
	ip link add sk0 netns "$SERVER_NETNS" type veth peer name ck0 netns "$NETNS"
	ip -n "$SERVER_NETNS" addr add $sshd_address/24 dev sk0
	ip -n "$NETNS" addr add 10.79.0.2/24 dev ck0
	ip -n "$SERVER_NETNS" link set sk0 up
	ip -n "$NETNS" link set ck0 up
	mkdir -m 700 "$dir"
	for type in ed25519 ecdsa rsa; do
		ssh-keygen -q -t $type -N '' -f "$dir/$type"
		echo "HostKey $dir/$type"
	done >"$dir/config"
	ssh-keygen -q -t ed25519 -N '' -f "$dir/ca"
	ssh-keygen -q -s "$dir/ca" -I here -h -n $sshd_address "$dir/ed25519.pub"
	cat >>"$dir/config" <<-END
		HostCertificate $dir/ed25519-cert.pub
		ListenAddress $sshd_address:22
		ListenAddress $sshd_address:2222
		AuthorizedKeysFile $work/authorized
		StrictModes no
		UsePAM no
		PermitRootLogin yes
		AcceptEnv CALLER
		PidFile none
		LogLevel ERROR
	END
	ip netns exec "$SERVER_NETNS" tools/peer_sshd.sh run "$peer" -D -f "$dir/config" 2>"$dir/log" &
	sshd_pid=$!
	until_true 20 client ssh-keyscan -t ed25519 $sshd_address
}

# engine WHO [options] COMMAND: with the key, unless options name something else.
call() {
	local who=$1 at
	shift
	local args=("${@:1:$#-1}") command=${*: -1}
	[ "$who" = sshd ] && at="$sshd_address ${PORT_AT:-22} root" || at="$HOST $PORT $SSH_USER"
	# shellcheck disable=SC2086
	client "$engine" "${args[@]}" $at "$command"
}
with_key() { call "$1" -i "$SSH_KEY" "${@:2}"; }

says() { # text command...: what it says on stderr
	local text=$1
	shift
	"$@" 2>"$work/said" >/dev/null
	grep -qF -- "$text" "$work/said" || { cat "$work/said"; return 1; }
}

there_and_back() { # who options...
	with_key "$@" cat <"$work/data" 2>"$work/said" | cmp - "$work/data"
}
down() { with_key "$1" "cat $work/data" | cmp - "$work/data"; }
rekeyed() { # least who options...
	local least=$1 count
	shift
	there_and_back "$@" || return 1
	count=$(sed -n 's/^rekeys: //p' "$work/said")
	[ "$count" -ge "$least" ] || { cat "$work/said"; return 1; }
}

refused() { # words who options...: the key is not taken, and the login ends
	local words=$1
	shift
	status 255 with_key "$@" true 2>"$work/said" || return 1
	grep -q "^host key: $words" "$work/said" && grep -q "not trusted" "$work/said" || { cat "$work/said"; return 1; }
}
taken() { # words who options...
	local words=$1
	shift
	with_key "$@" true 2>"$work/said" && grep -q "^host key: $words" "$work/said" || { cat "$work/said"; return 1; }
}

bed_up
chmod 755 "$work"
head -c "${MIB:-8}M" /dev/urandom >"$work/data"
chmod 644 "$work/data"
ssh-keygen -q -t rsa -b 2048 -N '' -f "$work/rsa"
ssh-keygen -q -t ecdsa -N '' -f "$work/ecdsa"
cat "$SSH_KEY.pub" "$work/rsa.pub" "$work/ecdsa.pub" >"$work/authorized"
check "an sshd to call" sshd_up

eval "$(ssh-agent -a "$work/agent")" >/dev/null
agent_pid=$SSH_AGENT_PID
trap 'kill "$agent_pid" "$sshd_pid" 2>/dev/null; ip -n "$NETNS" link del ck0 2>/dev/null; bed_down' EXIT
ssh-add -q "$SSH_KEY" 2>/dev/null

for who in sshd postern; do
	check "$who: a command by key" is hello with_key $who "echo hello"
	check "$who: its status" status 7 with_key $who "exit 7"
	check "$who: its other output" says "to stderr" with_key $who "echo to stderr >&2"
	check "$who: by agent" is hello call $who -a "$work/agent" "echo hello"
	check "$who: ${MIB:-8} MiB there and back" there_and_back $who
	check "$who: ${MIB:-8} MiB down" down $who
	check "$who: new keys each MiB, asked for" rekeyed 4 $who -R 1048576
	check "$who: new keys each MiB, by the limit" rekeyed 4 $who -r 1048576
	check "$who: chacha20, counter mode" there_and_back $who -c chacha20-poly1305@openssh.com
	check "$who: counter mode, encrypt-then-MAC" there_and_back $who -c aes256-ctr -m hmac-sha2-512-etm@openssh.com
	check "$who: compression, and new keys" rekeyed 4 $who -C -R 1048576
	check "$who: a terminal" is "a terminal" with_key $who -t "[ -t 0 ] && printf 'a terminal'"
	check "$who: post-quantum" is hello with_key $who -k sntrup761x25519-sha512@openssh.com "echo hello"
	check "$who: a group of the server's, or of ours" is hello with_key $who -k diffie-hellman-group-exchange-sha256,ecdh-sha2-nistp384 "echo hello"
done
check "sshd: environment" is yes with_key sshd -e CALLER=yes 'echo $CALLER'
for type in rsa ecdsa; do
	check "sshd: user key $type" is hello call sshd -i "$work/$type" "echo hello"
done
for name in ssh-ed25519 ecdsa-sha2-nistp256 rsa-sha2-512 rsa-sha2-256 ssh-ed25519-cert-v01@openssh.com; do
	check "sshd: host key $name" is hello with_key sshd -g $name "echo hello"
done
check "postern: password" is hello call postern -p "$SSH_PASSWORD" "echo hello"
check "postern: dialogue" is hello call postern -d -p "$SSH_PASSWORD" "echo hello"
check "postern: a wrong password" status 255 call postern -p wrong "echo hello"
check "a key that is not authorized" status 255 call postern -i "$work/rsa" true

# ---- known_hosts ----
kh=$work/known_hosts
: >"$kh"
check "an unknown host" refused "unknown" sshd -K "$kh"
check "an unknown host, learnt" taken "unknown" sshd -A -K "$kh"
check "its name is hashed" grep -q '^|1|.* ssh-ed25519 ' "$kh"
check "then it is known" taken "known, line 1" sshd -K "$kh"
check "ssh-keygen finds it" ssh-keygen -F $sshd_address -f "$kh"
PORT_AT=2222
check "the plain name is good for another port" taken "known" sshd -K "$kh"
echo "[$sshd_address]:2222 $(cut -d' ' -f1,2 "$work/ecdsa.pub")" >>"$kh"
check "an other type of key is asked for first" refused "changed" sshd -K "$kh"
PORT_AT=22
echo "$sshd_address $(cut -d' ' -f1,2 "$SSH_KEY.pub")" >"$kh"
check "another key: refused" refused "changed, line 1" sshd -g ssh-ed25519 -K "$kh"
echo "10.79.0.* $(cut -d' ' -f1,2 "$work/sshd/ed25519.pub")" >>"$kh"
check "several keys of a host" taken "known, line 2" sshd -g ssh-ed25519 -K "$kh"
echo "@revoked * $(cut -d' ' -f1,2 "$work/sshd/ed25519.pub")" >>"$kh"
check "a revoked key: refused" refused "revoked, line 3" sshd -g ssh-ed25519 -K "$kh"
echo "$sshd_address,10.79.0.9 $(cut -d' ' -f1,2 "$work/sshd/rsa.pub")" >"$kh"
ssh-keygen -q -H -f "$kh" >/dev/null 2>&1
check "hashed by ssh-keygen; its type is asked for" taken "known, line 1" sshd -K "$kh"
echo "@cert-authority 10.79.* $(cut -d' ' -f1,2 "$work/sshd/ca.pub")" >"$kh"
check "a certificate" taken "known, line 1, by its CA" sshd -K "$kh"
check "of another host: refused" refused "unknown" sshd -N 10.79.0.77 -K "$kh"
echo "@revoked * $(cut -d' ' -f1,2 "$work/sshd/ca.pub")" >>"$kh"
check "its CA is revoked: refused" refused "revoked, line 2" sshd -K "$kh"
check "the service's own key" taken "known" postern -K "$KNOWN_HOSTS"

# ---- what a server does of itself ----
learns() { # who: of one known key the others are learnt, each once
	local who=$1 name
	: >"$kh"
	taken unknown "$who" -A -g ssh-ed25519 -K "$kh" || return 1
	with_key "$who" -U -K "$kh" true 2>"$work/learnt" || { cat "$work/learnt"; return 1; }
	for name in $(sed -n 's/^new host key: //p' "$work/learnt"); do
		[ "$name" = ssh-rsa ] && name=rsa-sha2-512
		taken known "$who" -g "$name" -K "$kh" || return 1
	done
	is "${2:-2}" grep -c '^new host key' "$work/learnt" || return 1
	with_key "$who" -U -K "$kh" true 2>"$work/said" && ! grep '^new host key\|not proved' "$work/said"
}
check "sshd: its other keys, proved" learns sshd
check "postern: its other keys, proved" learns postern 2
knock='exec 3<>/dev/tcp/127.0.0.1/7777; echo knock >&3; read -r said <&3; echo "got $said"'
check "sshd: a channel that the server opens" is "got knock" with_key sshd -f 7777 "$knock"
finish
