#!/bin/bash
# postern and sshd over the same bad wires between kernels: every byte exact, every
# transfer ends. In short at a few points, where one run tells no speed; with FORM=full at
# all, and neither at a point with loss up to 1 % nor in the mean of all of them below 0.9
# of Linux CUBIC (grid_table in gridlib.sh: how chance is kept out).
"$(dirname "$0")/../../tools/deps.sh" iproute2 ethtool openssh-client || exit 1
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/wires.sh"
. "$(dirname "$0")/gridlib.sh"

few_points() {
	echo 0 100 on
	echo 1 20 on
	echo 5 20 off
	echo 0.1 20 off
	echo 0 0 on
}

if [ "${FORM:-short}" = full ]; then
	runs=${RUNS:-5} least=0.9
	points=grid_points LIMIT=300
else
	runs=1 least=0 SECONDS_EACH=1
	points=few_points LIMIT=60
fi
bed_up
# All at once; only exactness counts.
worst() { # direction
	local got want
	want=$(head -c 1000000 "$work/data" | sha256sum)
	relay_up 1 postern "seed=7,burst-loss=0.2%/40%,corrupt=0.2%,truncate=0.2%,dup=2%,reorder=2%/4pkt,jitter=2ms,rate=50mbit,queue=60pkt" || return 1
	got=$(transfer 1 postern "$1" 1000000)
	relay_down 1 postern
	[ "${got##* }" = "${want%% *}" ] || { echo "$got"; return 1; }
}
check "wires between namespaces" wires_up "$LANES_GRID"
data_up 67108864
check "bursts, bits, lengths, copies, a short queue: down" worst down
check "the same: up" worst up
check "the grid runs" grid_run "$runs" < <($points)
check "every byte of every transfer" grid_exact
grid_table "$least" >"$work/table"
slow=$?
cat "$work/table"
[ "$least" = 0 ] || check "no point with loss up to 1 % below $least of Linux CUBIC" [ $slow -eq 0 ]
finish
