#!/bin/bash
# Every role killed with -9, and all of the control plane at once, under a 1 GiB
# transfer and an interactive shell: at rest, and stopped with a request to it
# outstanding. Nothing on the connection may notice.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roles.sh"
. "$(dirname "$0")/outage.sh"
LIMIT=90
bed_up --set 'RekeyLimit 96M'
for role in ${ONLY:-$ROLES}; do
	for mode in rest stopped; do
		check "$role killed, $mode: transfer, shell, rekey, new channel, new login" outage "$role" $mode "${MIB:-1024}"
	done
done
finish
