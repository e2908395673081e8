#!/bin/bash
# A simulator over COUNT seeds from FIRST on, by as many processes as there are CPUs; each
# must have met everything by itself. Says how long it took. A seed that failed is run
# again with `tcp_sim --seed N -v`, or with SEED=N SEEDS=1 `sim_joined`.
#
#   tests/sim/many.sh tcp_sim                  a million from 1 on
#   tests/sim/many.sh sim_joined               100,000
#   COUNT=10000 FIRST=300001 JOBS=4 tests/sim/many.sh sim_joined
set -u
cd "$(dirname "$0")/../.."
sim=${1:-}
case $sim in
tcp_sim) count=${COUNT:-1000000} begin=${FIRST:-1} ;;
sim_joined) count=${COUNT:-100000} begin=${FIRST:-100001} ;;
*) echo "usage: many.sh tcp_sim|sim_joined" >&2; exit 2 ;;
esac
jobs=${JOBS:-$(nproc)} bin=${BIN:-${BUILD:-build}/bin} logs=${BUILD:-build}/log
each=$(((count + jobs - 1) / jobs))
mkdir -p "$logs"
bad=0 pids=
for i in $(seq 0 $((jobs - 1))); do
	first=$((begin + i * each))
	SIM_FIRST=$first SIM_SEEDS=$each SEED=$first SEEDS=$each "$bin/tests/$sim" >"$logs/$sim-$i.log" 2>&1 &
	pids="$pids $!"
done
for p in $pids; do wait "$p" || bad=1; done
for i in $(seq 0 $((jobs - 1))); do
	grep -aE '^seed |SEED=|NEVER|has not occurred|FAILED|^seeds from' "$logs/$sim-$i.log"
done
echo "$((each * jobs)) seeds from $begin by $jobs processes in $SECONDS s: $([ $bad -eq 0 ] && echo good || echo FAILED)"
exit $bad
