#!/bin/bash
# A control plane of the next link minor and note version attaches to the running
# dataplane, under sessions, and is killed like the present one. The short form
# kills the roles that write notes, the one that attaches, and all at once.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roles.sh"
LIMIT=600
next=${BIN:-build/bin}-next
[ -x "$next/posternd" ] || { echo "no $next/posternd: make NEXT=1"; echo "0 passed, 1 failed"; exit 1; }
bed_up --set 'RekeyLimit 96M'
. "$(dirname "$0")/requests.sh"
. "$(dirname "$0")/outage.sh"
some="gate clerk supervisor all"
[ "${FORM:-short}" = full ] && some=$ROLES
inst=$ROOT/run/postern-inst
before() {
	client ssh "${ssh_opts[@]}" -o ControlMaster=yes -o ControlPath="$work/before" -fN "$SSH_USER@$HOST" &&
	    is before over_before 'echo before'
}
over_before() { client ssh -F none -o LogLevel=ERROR -o ControlPath="$work/before" x "$@"; }
next_runs() { # every process of the control plane is of the file that was put there
	local p
	for p in $(role_pids all); do
		[ "/proc/$p/exe" -ef "$inst/posternd" ] || { echo "pid $p is of the present version"; return 1; }
	done
	cmp "$next/posternd" "$inst/posternd"
}
check "a connection of before" before
cp "$next/posternd" "$inst/posternd.new" && mv "$inst/posternd.new" "$inst/posternd"
check "the present version killed when stopped: the next one answers what it was asked (${stuck[all]})" \
    outage all stopped "${MIB:-1024}"
check "only the next version runs" next_runs
check "the connection of before opens channels" is ok over_before 'echo ok'
for role in ${ONLY:-$some}; do
	check "next version: $role killed at rest" outage "$role" rest "${MIB:-1024}"
	check "next version: $role killed when stopped, requests outstanding (${stuck[$role]})" \
	    outage "$role" stopped "${MIB:-1024}"
done
check "the connection of before still works" is yes over_before 'echo yes'
finish
