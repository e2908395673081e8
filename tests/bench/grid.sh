#!/bin/bash
# postern's TCP beside Linux CUBIC over bad wires between kernels: goodput of both at
# every point of a grid, and the ratio. Root. The method is in tests/interop/gridlib.sh.
#
#   RUNS=3 RATE=100mbit REORDER=2%/1500us SECONDS_EACH=4 LANES_GRID=4 tests/bench/grid.sh
#   POINTS='1 100 off, 0 20 on' tests/bench/grid.sh     loss in %, RTT in ms, reordering
cd "$(dirname "$0")/../.."
tools/deps.sh iproute2 ethtool openssh-client || exit 1
NAME=${NAME:-benchgrid}
. tests/interop/lib.sh
. tests/interop/wires.sh
. tests/interop/gridlib.sh
RUNS=${RUNS:-3} LIMIT=${LIMIT:-300}

points() { if [ -n "${POINTS:-}" ]; then tr ',' '\n' <<<"$POINTS"; else grid_points; fi; }

# shellcheck disable=SC2086
bed_up ${BED:-}
wires_up "$LANES_GRID" || exit 1
data_up 67108864
cat <<END
Method: Debian's ssh ($(ssh -V 2>&1 | cut -d, -f1)) with aes128-gcm to postern and to sshd, a relay between
veths with every offload off, $RATE with a queue of 256 KiB, losses each way, reordering $REORDER where on;
$LANES_GRID wires at once, $RUNS runs of each with the same seeds, geometric means. The client's kernel is Linux in
both columns: down is postern's sending, up its receiving.
END
grid_run "$RUNS" < <(points)
grid_exact || echo "(not exact, or not ended: see above)"
grid_table 0.9
exit 0
