#!/bin/bash
# Host keys with Debian's OpenSSH client: what it learns of them, a rotation under a
# session that stands, certificates, and keys behind an ssh-agent.
. "$(dirname "$0")/lib.sh"
bed_up

dir=$ROOT/etc/postern # /etc/postern of the service
known=$work/known_hosts
cp "$CONF" "$work/conf"
# The lines of the first configuration without its HostKeys, and these.
reload() {
	{ grep -v '^HostKey' "$work/conf"; printf '%s\n' "$@"; } >"$CONF" && $CTL reload >"$work/said" 2>&1
}
knows() { # key.pub...: the client knows these alone
	local k
	for k in "$@"; do printf '%s %s\n' "$HOST" "$(cut -d' ' -f1,2 "$k")"; done >"$known"
}
has() { grep -qF "$(cut -d' ' -f2 "$1")" "$known"; }
opts=(-F none -i "$SSH_KEY" -o BatchMode=yes -o IdentitiesOnly=yes -o ConnectTimeout=20 -o LogLevel=ERROR
    -o UserKnownHostsFile="$known" -o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes)
login() { client ssh "${opts[@]}" "$@" "$SSH_USER@$HOST" echo in </dev/null; }
shown() { # algorithm [options]: log in, and this is what was agreed on
	local out
	out=$(client ssh -o LogLevel=DEBUG1 "${opts[@]}" -o HostKeyAlgorithms="$1" "${@:2}" "$SSH_USER@$HOST" echo in with 2>&1 </dev/null) &&
	    grep -q "kex: host key algorithm: $1" <<<"$out" && grep -q '^in with' <<<"$out" || { echo "$out"; return 1; }
}
make_key() { # type name
	rm -f "$dir/$2" "$dir/$2.pub"
	ssh-keygen -q -t "$1" -N '' -C testbed -f "$dir/$2"
}
# A session that stays: what is said to it comes back.
session() {
	coproc SESSION { exec ip netns exec "$NETNS" ssh "${opts[@]}" -o UpdateHostKeys=no "$SSH_USER@$HOST" cat 2>&1; }
	session_in=${SESSION[1]} session_out=${SESSION[0]} session_pid=$SESSION_PID
}
echoes() {
	local line
	echo "$1" >&"$session_in" && read -r -t 60 -u "$session_out" line && [ "$line" = "$1" ] || { echo "came: ${line:-}"; return 1; }
}
# A client that stays until what it learns is in its file.
learns() { # condition...
	local pid sleep_pid ok=0
	mkfifo "$work/open"
	sleep 300 >"$work/open" &
	sleep_pid=$!
	(exec ip netns exec "$NETNS" ssh -o LogLevel=DEBUG3 "${opts[@]}" -o UpdateHostKeys=yes "$SSH_USER@$HOST" cat <"$work/open" >"$work/learns" 2>&1) &
	pid=$!
	until_true 60 "$@" || { grep -i hostkey "$work/learns"; ok=1; }
	kill "$pid" "$sleep_pid"
	rm "$work/open"
	wait "$pid" "$sleep_pid" 2>/dev/null
	return $ok
}

# ---- what a client learns ----

knows "$dir/ssh_host_ed25519_key.pub"
all_known() { has "$dir/ssh_host_ed25519_key.pub" && has "$dir/ssh_host_ecdsa_key.pub" && has "$dir/ssh_host_rsa_key.pub"; }
check "a client that knows one key learns all, with their proofs" learns all_known
knows "$dir/ssh_host_rsa_key.pub"
learns_by_rsa() { opts+=(-o HostKeyAlgorithms=rsa-sha2-256,ssh-ed25519); learns has "$dir/ssh_host_ed25519_key.pub"; }
check "and so when RSA with SHA-256 was agreed on" eval '(learns_by_rsa)'

# ---- rotation ----

make_key ed25519 next
make_key ed25519 unused
old=$dir/ssh_host_ed25519_key next=$dir/next
knows "$old.pub"
keys=("HostKey /etc/postern/ssh_host_ed25519_key" "HostKey /etc/postern/ssh_host_rsa_key")
fingerprint() { ssh-keygen -lf "$1.pub" | cut -d' ' -f2; }
meets() { # key: a client that logs in is shown it
	client ssh -o LogLevel=DEBUG1 "${opts[@]}" -o HostKeyAlgorithms=ssh-ed25519 "$SSH_USER@$HOST" true 2>&1 </dev/null |
	    grep -q "Server host key: ssh-ed25519 $(fingerprint "$1")"
}
rekeys() { $CTL --json status | grep -o '"rekeys": *[0-9]*' | grep -o '[0-9]*$'; }
more_rekeys() { [ "$(rekeys)" -gt "$1" ]; }
rekeyed() {
	local before
	before=$(rekeys)
	$CTL rekey all && until_true 30 more_rekeys "$before" && echoes "after a key exchange"
}
joins() {
	session
	echoes before || return 1
	reload "${keys[0]}" "HostKey /etc/postern/next" "${keys[1]}" || return 1
	learns has "$next.pub" || { echo "the next key was not learned"; return 1; }
	has "$old.pub" && meets "$old" && echoes between && rekeyed
}
check "a new key joins and is learned; a session stands" joins
takes_over() {
	reload "HostKey /etc/postern/next" "${keys[@]}" || return 1
	until_true 30 meets "$next" && echoes between && rekeyed
}
check "the new key goes in front; the session's next key exchange goes on with the old one" takes_over
old_goes() {
	reload "HostKey /etc/postern/next" "${keys[1]}" || return 1
	until_true 30 shown ssh-ed25519 && meets "$next" && echoes after
}
check "the old key goes; the session stands" old_goes
drops() { ! has "$old.pub"; }
check "a client drops the key that went" learns drops
knows "$old.pub"
check "who knows the old key alone is warned by its client" status 255 login
knows "$next.pub"
end_session() { kill "$session_pid"; wait "$session_pid" 2>/dev/null; true; }
check "the session is ended by its client" end_session

# ---- certificates ----

ssh-keygen -q -t ed25519 -N '' -f "$work/ca"
certify() { ssh-keygen -q -s "$work/ca" -h -I test -n "$1" "$dir/$2.pub" 2>/dev/null; }
printf '@cert-authority %s %s\n' "$HOST" "$(cut -d' ' -f1,2 "$work/ca.pub")" >"$known"
for t in ed25519 ecdsa rsa; do certify "$HOST" "ssh_host_${t}_key"; done
lines=()
for t in ed25519 ecdsa rsa; do
	lines+=("HostKey /etc/postern/ssh_host_${t}_key" "HostCertificate /etc/postern/ssh_host_${t}_key-cert.pub")
done
check "HostCertificate is taken" reload "${lines[@]}"
for a in ssh-ed25519-cert ecdsa-sha2-nistp256-cert rsa-sha2-512-cert rsa-sha2-256-cert; do
	check "a client that trusts the CA accepts $a" until_true 30 shown "$a-v01@openssh.com"
done
check "and takes a certificate without options" login
certify elsewhere.example next
foreign() {
	reload "HostKey /etc/postern/next" "HostCertificate /etc/postern/next-cert.pub" || return 1
	until_true 30 status 255 login
}
check "a certificate of another name is refused by the client" foreign
said() { until_true 20 grep -q -- "$1" "$LOG"; }
bad_files() {
	ssh-keygen -q -p -P '' -N secret -f "$dir/unused" >/dev/null
	reload "HostKey /etc/postern/ssh_host_ed25519_key" "HostKey /etc/postern/unused" \
	    "HostKey /etc/postern/ssh_host_ed25519_key" "HostCertificate /etc/postern/next-cert.pub" || return 1
	knows "$dir/ssh_host_ed25519_key.pub"
	said 'unused: encrypted with a passphrase' && said 'the same key as /etc/postern/ssh_host_ed25519_key' &&
	    said 'next-cert.pub: it belongs to none of the host keys' && until_true 30 login
}
check "what is wrong with a file is said, and the others serve" bad_files

# ---- an agent ----

agent_start() {
	rm -f "$dir/agent"
	ssh-agent -D -a "$dir/agent" >/dev/null 2>&1 &
	agent_pid=$!
	until_true 20 test -S "$dir/agent" && SSH_AUTH_SOCK=$dir/agent ssh-add -q "$@"
}
agent_stop() { kill "$agent_pid"; wait "$agent_pid" 2>/dev/null; true; }
leave() {
	[ -n "${agent_pid:-}" ] && kill "$agent_pid" 2>/dev/null
	bed_down
}
trap leave EXIT
make_key ecdsa held
make_key rsa held_rsa
mv "$dir/held" "$dir/held_rsa" "$work" # the service has the public halves alone
chmod 600 "$work/held" "$work/held_rsa"
certify "$HOST" held
agent_serves() {
	agent_start "$work/held" "$work/held_rsa" || return 1
	reload "HostKeyAgent /etc/postern/agent" "HostKey /etc/postern/ssh_host_ed25519_key" "HostKey /etc/postern/held.pub" \
	    "HostKey /etc/postern/held_rsa" "HostCertificate /etc/postern/held-cert.pub" || return 1
	knows "$dir/ssh_host_ed25519_key.pub" "$dir/held.pub" "$dir/held_rsa.pub"
	until_true 30 shown ecdsa-sha2-nistp256 && shown rsa-sha2-512 && shown rsa-sha2-256 && shown ssh-ed25519
}
check "keys behind an agent, and one in a file" agent_serves
knows "$dir/ssh_host_ed25519_key.pub"
held_known() { has "$dir/held.pub" && has "$dir/held_rsa.pub"; }
learns_held() { opts+=(-o HostKeyAlgorithms=ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512); learns held_known; }
check "a client learns them, by proofs of the agent" eval '(learns_held)'
printf '@cert-authority %s %s\n' "$HOST" "$(cut -d' ' -f1,2 "$work/ca.pub")" >"$known"
check "a certificate of a key behind the agent" shown ecdsa-sha2-nistp256-cert-v01@openssh.com
agent_goes() {
	knows "$dir/ssh_host_ed25519_key.pub" "$dir/held.pub"
	agent_stop
	until_true 30 shown ssh-ed25519 -o HostKeyAlgorithms=ssh-ed25519 && until_true 30 not_offered
}
not_offered() {
	client ssh -o LogLevel=INFO "${opts[@]}" -o HostKeyAlgorithms=ecdsa-sha2-nistp256 "$SSH_USER@$HOST" true 2>&1 </dev/null |
	    grep -q 'no matching host key type found. Their offer: ssh-ed25519'
}
check "the agent dies: the key in the file serves, the others are not offered" agent_goes
agent_back() { agent_start "$work/held" && until_true 60 shown ecdsa-sha2-nistp256; }
check "the agent is back, and its key" agent_back
agent_more() { SSH_AUTH_SOCK=$dir/agent ssh-add -q "$work/held_rsa" && knows "$dir/held_rsa.pub" && until_true 60 shown rsa-sha2-512; }
check "a key that the agent gets later is found" agent_more
agent_stop
check "no process of the service fell" bash -c "! grep -q -i 'keeper.*killed\|gate.*killed\|clerk.*killed' '$POSTERND_LOG' '$LOG'"
finish
