#!/bin/bash
# The joined simulation over COUNT seeds from FIRST on, 100,000 without, by as many
# processes as there are CPUs. Each must have met everything by itself. A seed that failed
# is run again with SEED=n SEEDS=1 sim_joined.
#
#   COUNT=10000 FIRST=300001 JOBS=4 tests/sim/joined.sh
set -u
cd "$(dirname "$0")/../.."
count=${COUNT:-100000} begin=${FIRST:-100001} jobs=${JOBS:-$(nproc)}
bin=${BIN:-${BUILD:-build}/bin} logs=${BUILD:-build}/log
each=$(((count + jobs - 1) / jobs))
mkdir -p "$logs"
bad=0 pids=
for i in $(seq 0 $((jobs - 1))); do
	SEED=$((begin + i * each)) SEEDS=$each "$bin/tests/sim_joined" >"$logs/joined-$i.log" 2>&1 &
	pids="$pids $!"
done
for p in $pids; do wait "$p" || bad=1; done
for i in $(seq 0 $((jobs - 1))); do
	grep -aE 'SEED=|has not occurred|FAILED|^seeds from' "$logs/joined-$i.log"
done
echo "$((each * jobs)) seeds from $begin by $jobs processes in $SECONDS s: $([ $bad -eq 0 ] && echo good || echo FAILED)"
exit $bad
