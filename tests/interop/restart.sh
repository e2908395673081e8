#!/bin/bash
# Every role killed with -9, and all of the control plane at once, under a 1 GiB
# transfer and an interactive shell: at rest, and stopped with requests to it
# outstanding. Nothing on the connection may notice.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roles.sh"
LIMIT=600
bed_up --set 'RekeyLimit 96M'
. "$(dirname "$0")/requests.sh"
. "$(dirname "$0")/outage.sh"
for role in ${ONLY:-$ROLES}; do
	check "$role killed at rest: transfer, shell, rekeys by either side, new channel, new login" \
	    outage "$role" rest "${MIB:-1024}"
	check "$role killed when stopped, requests outstanding (${stuck[$role]}): the same" \
	    outage "$role" stopped "${MIB:-1024}"
done
finish
