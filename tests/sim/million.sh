#!/bin/bash
# The TCP simulator over COUNT seeds from FIRST on, a million from 1 without, by as many
# processes as there are CPUs. Each must have met everything by itself. Says how long it
# took; a seed that failed is run again with `tcp_sim --seed N -v`.
#
#   COUNT=100000 FIRST=300001 JOBS=4 tests/sim/million.sh
set -u
cd "$(dirname "$0")/../.."
count=${COUNT:-1000000} begin=${FIRST:-1} jobs=${JOBS:-$(nproc)}
bin=${BIN:-${BUILD:-build}/bin} logs=${BUILD:-build}/log
each=$(((count + jobs - 1) / jobs))
mkdir -p "$logs"
bad=0 pids=
for i in $(seq 0 $((jobs - 1))); do
	SIM_FIRST=$((begin + i * each)) SIM_SEEDS=$each "$bin/tests/tcp_sim" >"$logs/million-$i.log" 2>&1 &
	pids="$pids $!"
done
for p in $pids; do wait "$p" || bad=1; done
for i in $(seq 0 $((jobs - 1))); do
	grep -E '^seed |NEVER|FAILED' "$logs/million-$i.log"
done
echo "$((each * jobs)) seeds from $begin by $jobs processes in $SECONDS s: $([ $bad -eq 0 ] && echo good || echo FAILED)"
exit $bad
