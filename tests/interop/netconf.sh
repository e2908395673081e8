#!/bin/bash
# NETCONF on port 830 (RFC 6242): ncclient against a small datastore behind the netconf plugin,
# and 1,000 sessions at once.
. "$(dirname "$0")/lib.sh"
tools/deps.sh python3-ncclient python3-asyncssh
bed_up --port 830 --set 'Subsystem netconf plugin:netconf' \
    --set 'MaxStartups 100'
python=/usr/bin/python3 # Debian's own, whatever else is in the path

raw() { client ssh "${ssh_opts[@]}" -p "$PORT" -s "$SSH_USER@$HOST" netconf; }
unserved() { raw </dev/null; [ $? -eq 255 ]; }
check "nobody behind it: the subsystem is refused" unserved

$python tests/interop/netconf_store.py "$ROOT/run/postern-netconf.sock" >"$work/store" 2>&1 &
store=$!
trap 'kill $store 2>/dev/null; bed_down' EXIT
ready() { grep -q ready "$work/store"; }
check "the datastore is there" until_true 20 ready

step() { client $python tests/interop/netconf_client.py "$1" "$HOST" "$PORT" "$SSH_USER" "$SSH_KEY"; }
check "capabilities, session id, close-session" step capabilities
check "the server knows who it is" step facts
check "edit-config: merge, replace, create, delete, remove; get-config with filters" step edits
check "lock and unlock, between two sessions, and after one's end" step locks
check "candidate: validate, commit, discard-changes" step commits
check "messages of 2 MiB both ways" step large
check "kill-session" step kill

hello='<hello xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"><capabilities><capability>urn:ietf:params:netconf:base:%s</capability></capabilities></hello>]]>]]>'
rpc='<rpc message-id="7" xmlns="urn:ietf:params:xml:ns:netconf:base:1.0">%s</rpc>'
# shellcheck disable=SC2059
old() {
	{ printf "$hello$rpc]]>]]>$rpc]]>]]>" 1.0 '<validate><source><running/></source></validate>' '<close-session/>'; } | raw >"$work/old" &&
	    [ "$(grep -o ']]>]]>' "$work/old" | wc -l)" -eq 3 ] && [ "$(grep -o '<ok/>' "$work/old" | wc -l)" -eq 2 ] && ! grep -q '^#' "$work/old"
}
check "base 1.0 keeps its framing to the end" old
# Everything at once: what follows the hello is chunked already.
# shellcheck disable=SC2059
pipelined() {
	local q
	q=$(printf "$rpc" '<close-session/>')
	{ printf "$hello" 1.1; printf '\n#%d\n%s\n##\n' ${#q} "$q"; } | raw >"$work/new" && grep -q '^##$' "$work/new" && grep -q '<ok/>' "$work/new"
}
check "base 1.1, hello and request in one piece" pipelined
# shellcheck disable=SC2059
ends() { { printf "$hello" 1.1; } | raw >"$work/end"; }
check "end of the client's data ends the session" ends
# shellcheck disable=SC2059
bad_chunk() { { printf "$hello" 1.1; printf '\n#05\nhello\n##\n'; } | raw >"$work/bad"; [ $? -eq 1 ]; }
check "malformed chunks end it, and with a failure" bad_chunk
# shellcheck disable=SC2059
stranger() { { printf "$hello" 1.7; } | raw >"$work/bad"; [ $? -eq 1 ]; }
check "no base version in common ends it" stranger

crowd() { client $python tests/interop/netconf_crowd.py "$HOST" "$PORT" "$SSH_USER" "$SSH_KEY" "$1" "$2"; }
LIMIT=250 check "1,000 sessions at once, on 100 connections" is "1000 sessions at once" crowd 100 10
check "none is left afterwards" step capabilities
finish
