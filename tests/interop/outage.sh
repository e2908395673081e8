# Sourced after lib.sh and roles.sh: one connection with a transfer and a shell
# on it, a role killed under them, and everything that must still work.
#
#   outage ROLE rest|stopped MIB

over() { client ssh -F none -o LogLevel=ERROR -o ControlPath="$ctl" x "$@"; }

outage() {
	local role=$1 mode=$2 mib=$3 bad=0 old start sum want rekeys transfer shell request= limit
	ctl=$work/ctl dir=$work/held
	rm -rf "$dir" && mkdir "$dir"
	# At rest the client's limit is the lower one, stopped the server's (96M): the
	# exchanges are started by either side.
	limit=48M
	[ "$mode" = stopped ] && limit=4G
	client ssh "${ssh_opts[@]}" -o RekeyLimit=$limit -o ControlMaster=yes -o ControlPath="$ctl" -fN "$SSH_USER@$HOST" ||
	    return 1
	HELD_DIR=$dir SSH_CMD="ssh -F none -o LogLevel=ERROR -o ControlPath=$ctl -tt x" \
	    client expect -f tests/interop/held.exp >"$work/shell.out" 2>&1 &
	shell=$!
	until_true 10 test -e "$dir/ready" || { echo "no shell"; return 1; }
	over "head -c $((mib * 1048576)) /dev/zero | tr '\\0' q" | sha256sum >"$work/sum" &
	transfer=$!
	old=$(role_pids "$role")
	if [ "$mode" = stopped ]; then
		signal_role STOP "$role" || return 1
		over "echo ran >>once.$role; echo ran" >"$work/request" &
		request=$!
		touch "$dir/ask"
		until_true 10 test -e "$dir/asked" || { echo "not asked"; bad=1; }
		sleep 0.3 # let the requests reach the stopped role
	else
		touch "$dir/ask"
		until_true 10 test -e "$dir/asked" || { echo "not asked"; bad=1; }
	fi
	signal_role KILL "$role" || return 1
	until_true 10 role_back "$role" "$old" || { echo "$role did not come back"; bad=1; }
	start=$(millis)
	ssh_to true || { echo "no new login"; bad=1; }
	start=$(($(millis) - start))
	[ $start -le 1000 ] || { echo "new login took $start ms after the role's return"; bad=1; }
	is ok over 'echo ok' || { echo "no new channel"; bad=1; }
	status 9 over 'exit 9' || { echo "no exit status on the connection"; bad=1; }
	if [ -n "$request" ]; then
		wait $request || { echo "the request of the outage failed"; bad=1; }
		is ran cat "$work/request" || bad=1
		is 1 over "wc -l <once.$role; rm -f once.$role" || { echo "not exactly once"; bad=1; }
	fi
	touch "$dir/go"
	wait $shell || { echo "shell:"; tail -n 5 "$work/shell.out"; bad=1; }
	wait $transfer || { echo "the transfer failed"; bad=1; }
	want=$(head -c $((mib * 1048576)) /dev/zero | tr '\0' q | sha256sum)
	[ "$(cat "$work/sum")" = "$want" ] || { echo "the transfer is not byte-exact"; bad=1; }
	# on the same connection, after the outage
	rekeys=$(counter rekeys)
	over 'head -c 134217728 /dev/zero' >/dev/null || bad=1
	[ "$(counter rekeys)" -gt "$rekeys" ] || { echo "no rekey on the connection"; bad=1; }
	client ssh -F none -o ControlPath="$ctl" -O exit x 2>/dev/null || { echo "the connection is gone"; bad=1; }
	return $bad
}
