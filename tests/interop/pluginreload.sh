#!/bin/bash
# posternctl plugin reload: new channels are served from the new file while old ones finish in the old; a
# file that is no good changes nothing; posternd may die meanwhile.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roles.sh"
bed_up
dir=$ROOT/run/postern-inst/plugins

# talk N SUBSYSTEM: a channel that stays open; said N TEXT: what goes in comes back.
talk() {
	mkfifo "$work/in.$1"
	# No client holds another's end.
	(for fd in "${talk_fd[@]}"; do exec {fd}>&-; done
	    LIMIT=120 client ssh "${ssh_opts[@]}" -s "$SSH_USER@$HOST" "$2" <"$work/in.$1" >"$work/out.$1" 2>"$work/err.$1") &
	talks[$1]=$!
	exec {fd}>"$work/in.$1"
	talk_fd[$1]=$fd
}
said() { echo "$2" >&"${talk_fd[$1]}" && until_true 10 grep -qx "$2" "$work/out.$1"; }
done_with() { fd=${talk_fd[$1]}; exec {fd}>&-; wait "${talks[$1]}"; }
declare -a talks talk_fd

echo_hosts() { local p; for p in $(role_pids host); do grep -q '/echo\.so' "/proc/$p/maps" && echo "$p"; done | sort; }
replace() { cp "$1" "$dir/new" && chmod 644 "$dir/new" && mv "$dir/new" "$dir/echo.so"; }
refused_because() { # TEXT: the reload fails and says so; the host is the same
	! $CTL plugin reload echo >"$work/reload" 2>&1 || return 1
	grep -q "nothing has changed: .*$1" "$work/reload" && is "$old" echo_hosts && said 1 "after $1" || { cat "$work/reload"; return 1; }
}
reloaded() { $CTL plugin reload "$1" >"$work/reload" 2>&1 && grep -q reloaded "$work/reload"; }

talk 1 echo
check "a channel is open" said 1 hello
old=$(echo_hosts)
cp "$dir/echo.so" "$work/echo.so"
head -c 20000 /dev/urandom >"$work/junk"
replace "$work/junk"
check "a file that is no plugin changes nothing" refused_because "not a plugin"
replace "$work/echo.so" && chmod 666 "$dir/echo.so"
check "one that others may write changes nothing" refused_because "written by others"
replace "${BIN:-build/bin}/tests/hostile.so"
check "one that does not make an instance changes nothing" refused_because "create failed"
rm "$dir/echo.so"
check "none at all changes nothing" refused_because "no such plugin"
replace "$work/echo.so"
check "a good one is taken" reloaded echo
talk 2 echo
check "the next channel is served" said 2 new
check "by another host" bash -c "[ \$(echo '$(echo_hosts)' | wc -l) = 2 ]"
check "the old channel goes on in the old host" said 1 still
new=$(echo_hosts | grep -vx "$old")
counted() { $CTL plugins | grep -A1 '^sftp ' | grep -q 'bytes-received 9,'; }
talk 9 sftp
printf '\0\0\0\5\1\0\0\0\3' >&"${talk_fd[9]}"
check "what a host counts is shown" until_true 10 counted
pids=$(role_pids supervisor)
signal_role KILL supervisor
check "posternd is back" until_true 20 role_back supervisor "$pids"
check "the old channel has not noticed" said 1 again
check "what a host has counted is known to the next posternd" until_true 10 counted
done_with 9
talk 3 echo
check "the next channel is served" said 3 newer
check "by the new host" is "$(printf '%s\n' "$old" "$new" | sort)" echo_hosts
check "the old channel ends well" done_with 1
check "and its host with it" until_true 20 is "$new" echo_hosts
done_with 2
done_with 3
check "a user's plugin: a host of a login" bash -c "$(declare -f client); LIMIT=60 NETNS=$NETNS; client ssh ${ssh_opts[*]} -o ControlMaster=yes -o ControlPath=$work/master -fN $SSH_USER@$HOST"
mux() { client ssh -F none -o ControlPath="$work/master" "$SSH_USER@$HOST" "$@"; }
mux sleep 8 &
sleeper=$!
exec_hosts() { local p; for p in $(role_pids host); do grep -q '/exec\.so' "/proc/$p/maps" && echo "$p"; done | wc -l; }
until_true 10 is 1 exec_hosts
check "is replaced for the login's next channel" reloaded exec
check "which runs beside the old one" is here mux echo here
check "in a host of its own" is 2 exec_hosts
check "the old program ends as it would" wait "$sleeper"
check "and its host with it" until_true 20 is 1 exec_hosts
check "how often is shown" bash -c "$CTL --json plugins | jq -e '.plugins[] | select(.plugin == \"exec\") | .reloads == 1'"
ssh -F none -o ControlPath="$work/master" -O exit x 2>/dev/null
finish
