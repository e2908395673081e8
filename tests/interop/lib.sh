# Sourced by the interop scripts: a testbed of its own, checks that count, and
# an OpenSSH client inside the testbed's client namespace.
#
#   bed_up [testbed options]   brings the testbed NAME up; down at exit. BED_OPTIONS of
#                              the environment come last: the same on another port
#   check "what" command...    one test: passes when the command does
#   ssh_to [ssh options] [--] command...
#   script_client, say         the scripted client, step by step
#   finish                     prints "N passed, N failed" and exits
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$here"
passed=0 failed=0
NAME=${NAME:-$(basename "$0" .sh | tr -cd a-z0-9)}
work=$(mktemp -d)
bed=tools/testbed

bed_up() {
	# shellcheck disable=SC2086
	if ! $bed up --name "$NAME" "$@" ${BED_OPTIONS:-}; then
		echo "testbed $NAME did not come up"
		echo "0 passed, 1 failed"
		exit 1
	fi
	# shellcheck disable=SC1090
	. "${BUILD:-build}/testbed/$NAME/env"
	ssh_opts=(-F none -i "$SSH_KEY" -o BatchMode=yes -o IdentitiesOnly=yes -o ConnectTimeout=10
	    -o UserKnownHostsFile="$KNOWN_HOSTS" -o StrictHostKeyChecking=yes -o LogLevel=ERROR)
}

bed_down() {
	$bed down --name "$NAME"
	rm -rf "$work"
}
trap bed_down EXIT
trap 'exit 130' INT TERM

client() { timeout -k 5 "${LIMIT:-120}" ip netns exec "$NETNS" "$@"; }

ssh_to() { client ssh "${ssh_opts[@]}" "$SSH_USER@$HOST" "$@"; }

# script_client SECONDS: start the scripted client, for so long at the most.
# say STEP: it does this step; its lines, until the step's own or an ERROR.
script_client() {
	coproc SC { exec timeout "$1" ip netns exec "$NETNS" "${BIN:-build/bin}/tests/script-client" 2>&1; }
	from=${SC[0]} to=${SC[1]}
}

say() {
	local line name=${1%% *}
	echo "$1" >&"$to"
	while read -r -t 45 -u "$from" line; do
		echo "$line"
		case $line in
		ERROR*) return 1 ;;
		"${name#!}"*) return 0 ;;
		esac
	done
	echo "no answer to: $1"
	return 1
}

check() { # what command...
	local what=$1 start=$SECONDS
	shift
	if "$@" >"$work/check.out" 2>&1; then
		passed=$((passed + 1))
		echo "ok      $what ($((SECONDS - start)) s)"
	else
		echo "FAILED  $what (status $?)"
		failed=$((failed + 1))
		sed 's/^/        /' "$work/check.out" | tail -n 20
		[ -n "${LOG:-}" ] && tail -n 8 "$LOG" "$DP_LOG" "$POSTERND_LOG" 2>/dev/null | sed 's/^/        | /'
	fi
}

# is TEXT command...: the command's output is exactly TEXT.
is() {
	local want=$1 got
	shift
	got=$("$@") || return 1
	[ "$got" = "$want" ] || { echo "expected: $want"; echo "got:      $got"; return 1; }
}

# status N command...: the command ends with N.
status() {
	local want=$1 got=0
	shift
	"$@" || got=$?
	[ "$got" -eq "$want" ] || { echo "expected status $want, got $got"; return 1; }
}

# until_true SECONDS command...: wait for an event that can only be polled. SECONDS is for
# a machine with nothing else to do; one that has gets half a minute more.
until_true() {
	local end=$((SECONDS + $1 + 30))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -ge $end ] && return 1
		sleep 0.05
	done
}

# user_pids: what runs as the testbed's user in its namespaces, this service's
# own processes included.
user_pids() {
	local p
	for p in $(ip netns pids "$SERVER_NETNS"); do
		[ "$(awk '/^Uid:/ { print $2 }' "/proc/$p/status" 2>/dev/null)" = 64301 ] && echo "$p"
	done
	return 0
}

# Processor time of every thread of the service: user and system time in ticks, and
# what the scheduler counted in nanoseconds, which misses no short run.
cpu_used() {
	local p t ticks
	for p in $($PIDS_CMD); do
		for t in /proc/"$p"/task/*; do
			ticks=$(sed 's/^.*) //' "$t/stat" | awk '{ print $12 + $13 }')
			echo "$ticks $(cut -d' ' -f1 "$t/schedstat" 2>/dev/null)"
		done
	done | awk '{ ticks += $1; ns += $2 } END { printf "%d %d\n", ticks, ns }'
}

# idle_percent SECONDS: what of a core the service takes while nothing is asked of it.
idle_percent() {
	local pids ticks ns ticks_after ns_after
	pids=$($PIDS_CMD)
	read -r ticks ns < <(cpu_used)
	sleep "$1"
	read -r ticks_after ns_after < <(cpu_used)
	[ "$pids" = "$($PIDS_CMD)" ] || { echo "other processes than before"; return 1; }
	[ "$ticks_after" -gt 0 ] || { echo "nothing is measured"; return 1; }
	awk -v t=$((ticks_after - ticks)) -v ns=$((ns_after - ns)) -v hz="$(getconf CLK_TCK)" -v s="$1" \
	    'BEGIN { a = 100 * t / hz / s; b = ns / 1e7 / s; printf "%.2f\n", (a > b) ? a : b }'
}

finish() {
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
	exit
}
