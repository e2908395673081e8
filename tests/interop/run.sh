#!/bin/bash
# `make run`: the READY line, the printed command as it stands, and nothing left
# behind: after Ctrl-C, and after kill -9 of everything with a second start.
. "$(dirname "$0")/lib.sh"
trap - EXIT # what is taken down here is the script's own affair
name=runtest # somebody may be using the one that `make run` takes
state=${BUILD:-build}/testbed/$name
out=$work/out

cleanup() {
	[ -n "${runner:-}" ] && kill -TERM "$runner" 2>/dev/null && wait "$runner"
	$bed down --name $name
	rm -rf "$work"
}
trap cleanup EXIT

gone() { ! kill -0 "$runner" 2>/dev/null; }
ready_or_gone() { grep -q '^READY' "$out" || gone; }

# As a terminal would run it: a process group of its own, which Ctrl-C is sent to.
start() {
	: >"$out"
	# A shell lets what it puts into the background ignore SIGINT.
	NAME=$name setsid env --default-signal=INT tools/run.sh >"$out" 2>&1 &
	runner=$!
	until_true 40 ready_or_gone
	grep '^READY' "$out"
}

# The command as printed, with a program behind it; no terminal answers questions.
printed() {
	local command
	command=$(grep -E '^ +(sudo )?ip netns exec .* ssh ' "$out" | sed 's/^ *//')
	[ -n "$command" ] || { echo "no command printed"; return 1; }
	timeout 20 bash -c "$command $1" </dev/null
}

# Every process of the run, found while its namespaces are there.
processes() {
	ip netns pids "pst-$name-s"
	ip netns pids "pst-$name-c"
	pgrep -g "$runner"
} 2>/dev/null

still_there() {
	local p
	for p in $1; do
		[ -e "/proc/$p" ] && ! grep -q '^State:.Z' "/proc/$p/status" 2>/dev/null && echo "$p"
	done
	return 0
}

nothing_left() { # pids that were there
	[ -z "$(still_there "$1")" ] || { echo "processes left: $(still_there "$1")"; return 1; }
	! ip netns list | grep "^pst-$name-" || return 1
	! grep " $PWD/$state\| $state" /proc/mounts || return 1
	[ ! -e "$state" ] || { echo "files left:"; ls "$state"; return 1; }
}

stop() { # signal
	local pids
	pids=$(processes)
	[ -n "$pids" ] || return 1
	kill -"$1" -- "-$runner"
	until_true 20 gone || return 1
	wait "$runner"
	runner=
	nothing_left "$pids"
}

all_dead() { [ -z "$(still_there "$killed")" ]; }

kill_all() {
	killed=$(processes)
	# shellcheck disable=SC2086
	kill -9 $killed
	until_true 10 all_dead || return 1
	wait "$runner"
	runner=
}

check "READY is printed" start
check "the printed command logs in" printed true
check "and runs what is put behind it" is tester printed 'id -un'
check "Ctrl-C ends it and leaves nothing behind" stop INT
check "a second time" start
check "everything is killed with -9" kill_all
check "it starts again after that" start
check "and serves" printed true
check "SIGTERM leaves nothing behind either" stop TERM
finish
