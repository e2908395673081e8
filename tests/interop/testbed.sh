#!/bin/bash
# The testbed itself: two at once, killed without mercy, nothing left behind.
. "$(dirname "$0")/lib.sh"
bed_up
second() {
	$bed up --name second || return 1
	( . "${BUILD:-build}/testbed/second/env"; client ssh -o UserKnownHostsFile="$KNOWN_HOSTS" -i "$SSH_KEY" "${ssh_opts[@]}" "$SSH_USER@$HOST" true )
}
check "two testbeds at once" second
names() { # what a testbed makes visible on the machine
	ip netns list | grep -c "^pst-$1-" || true
}
without_pages() {
	$bed up --name nohuge --no-huge || return 1
	grep -q 'HugePages no' "${BUILD:-build}/testbed/nohuge/root/etc/postern/postern.conf"
	local got=$?
	$bed down --name nohuge
	return $got
}
check "serves without huge pages" without_pages
check "down removes the namespaces" bash -c "$bed down --name second && ! ip netns list | grep -q pst-second-"
mercy() {
	kill -9 "$MONITOR_PID" || return 1
	$bed up --name "$NAME" || return 1
	. "${BUILD:-build}/testbed/$NAME/env"
	ssh_to true
}
check "starts again after its monitor was killed with -9" mercy
untouched() { ! grep -q '_postern-\|^tester:' /etc/passwd && [ ! -e /run/postern ] && [ ! -e /home/tester ]; }
check "the machine's own accounts are untouched" untouched
check "SERVER_PIDS are the service" bash -c "for p in \$($PIDS_CMD); do readlink /proc/\$p/exe | grep -q postern || exit 1; done"
finish
