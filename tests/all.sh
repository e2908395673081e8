#!/bin/bash
# `make test` (short) and `make test-full` (full): every kind of test, with one
# summary at the end. Root.
set -u
cd "$(dirname "$0")/.."
form=$1
build=${BUILD:-build}
results=$build/results-all
[ "$(id -u)" -eq 0 ] || { echo "make test needs root (network namespaces, packages): sudo make test" >&2; exit 2; }
mkdir -p "$build"
rm -f "$results" "$build"/results-alone "$build"/results-shared
jobs=$(nproc)
tools/hugepages.sh || true
export FORM=$form
export AGAIN=2
export SECRET_TIME=must # what needs valgrind is not skipped
if [ "$form" = full ]; then
	export SEEDS=3000 MIB=2048 AGAIN=0
fi

stage() { # name command...
	local name=$1 start=$SECONDS
	shift
	echo "== $name"
	if "$@"; then
		echo "== $name: done in $((SECONDS - start)) s"
	else
		echo "== $name: FAILED after $((SECONDS - start)) s"
		echo "0 1 $name" >>"$results"
	fi
}

collect() { cat "$@" >>"$results" 2>/dev/null; }

stage "build" make --no-print-directory -j"$jobs" build units
stage "check" make --no-print-directory check
collect "$build/results"
stage "check with ASan and UBSan: build" make --no-print-directory -j"$jobs" SAN=1 build units
stage "check with ASan and UBSan" make --no-print-directory SAN=1 check
collect "$build/results-san"
stage "build of the next link version" make --no-print-directory -j"$jobs" NEXT=1 build
stage "abi" make --no-print-directory abi-check
# Those that measure what the service takes have the machine for themselves; most of
# the others wait most of the time.
stage "interop, one at a time" env BIN="$build/bin" tests/run.sh script "$build/results-alone" $(tests/interop/list.sh alone)
collect "$build/results-alone"
(
	stage "make check on Debian 13" tests/debian13.sh
) >"$build/debian13.log" 2>&1 &
stage "interop, three at a time" env BIN="$build/bin" LANES=3 tests/run.sh script "$build/results-shared" \
    $(tests/interop/list.sh shared)
collect "$build/results-shared"
wait
cat "$build/debian13.log"
if [ "$form" = full ]; then
	stage "a million seeds of the simulator" tests/sim/many.sh tcp_sim
	stage "100,000 seeds of client and server joined" tests/sim/many.sh sim_joined
	stage "fuzzing" make --no-print-directory fuzz FUZZ_TIME="${FUZZ_TIME:-30}"
fi
tests/run.sh summary "$results"
