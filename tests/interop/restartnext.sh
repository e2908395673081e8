#!/bin/bash
# A control plane of the next minor link version attaches to the running
# dataplane, under sessions, and is killed like the present one.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roles.sh"
. "$(dirname "$0")/outage.sh"
LIMIT=90
next=${BIN:-build/bin}-next
[ -x "$next/posternd" ] || { echo "no $next/posternd: make NEXT=1"; echo "0 passed, 1 failed"; exit 1; }
bed_up --set 'RekeyLimit 96M'
upgrade() {
	local old
	client ssh "${ssh_opts[@]}" -o ControlMaster=yes -o ControlPath="$work/before" -fN "$SSH_USER@$HOST" || return 1
	over_before 'cat >/dev/null' <"$ROOT/run/postern-inst/posternd" || return 1
	old=$(role_pids all)
	cp "$next/posternd" "$ROOT/run/postern-inst/posternd.new" &&
	    mv "$ROOT/run/postern-inst/posternd.new" "$ROOT/run/postern-inst/posternd" || return 1
	signal_role KILL all
	until_true 10 role_back all "$old" || return 1
	is ok over_before 'echo ok' && ssh_to true
}
over_before() { client ssh -F none -o LogLevel=ERROR -o ControlPath="$work/before" x "$@"; }
check "the next version attaches; the old connection opens channels" upgrade
for role in ${ONLY:-$ROLES}; do
	for mode in rest stopped; do
		check "next version: $role killed, $mode" outage "$role" $mode "${MIB:-256}"
	done
done
check "the connection from before the upgrade still works" is yes over_before 'echo yes'
finish
