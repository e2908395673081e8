#!/bin/bash
# `make run`: a service to play with, in the foreground, until Ctrl-C.
set -eu
cd "$(dirname "$0")/.."
name=${NAME:-run}
bed=tools/testbed

tools/hugepages.sh || true
pause=

# A second Ctrl-C does not stop the clearing up.
clear_up() {
	trap - EXIT
	trap '' INT TERM HUP
	set +e
	echo
	echo "stopping"
	[ -n "$pause" ] && kill "$pause" 2>/dev/null
	$bed down --name $name
	exit 0
}
trap clear_up EXIT INT TERM HUP
$bed up --name $name "$@"
# shellcheck disable=SC1090
. "${BUILD:-build}/testbed/$name/env"
cat <<END
READY: postern serves $HOST and $HOST6, port $PORT, in a network namespace of its own.

Log in from another terminal:

  sudo ip netns exec $NETNS ssh -i $SSH_KEY -o UserKnownHostsFile=$KNOWN_HOSTS $SSH_USER@$HOST

What it is doing:  sudo $CTL status
Its log:           sudo tail -f $LOG
Ctrl-C stops it and removes everything.
END
while kill -0 "$MONITOR_PID" 2>/dev/null; do
	sleep 1 &
	pause=$!
	wait $pause
done
echo "the service went away" >&2
