#!/bin/bash
# `make test` (short) and `make test-full` (full): every kind of test, with one
# summary at the end. Root.
#
# Two things go on at once: the interop scripts, which wait most of the time, and behind
# them (nice) what computes: unit programs, the sanitizers' build and theirs, Debian 13.
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
		echo "== $name: done in $((SECONDS - start)) s, at $SECONDS s"
	else
		echo "== $name: FAILED after $((SECONDS - start)) s, at $SECONDS s"
		echo "0 1 $name" >>"$results"
	fi
}

collect() { cat "$@" >>"$results" 2>/dev/null; }

interop() { # which verb [lanes]
	local which=$1 verb=$2
	# shellcheck disable=SC2046
	BIN=$build/bin LANES=${3:-1} tests/run.sh "$verb" "$build/results-$which" $(tests/interop/list.sh "$which")
}

# Whoever needs the chroot waits for it; this is its download, beside the first build.
. tests/chroot13.sh
(chroot13_make) >/dev/null 2>&1 &

stage "build" make --no-print-directory -j"$jobs" build units
stage "build of the next link version" make --no-print-directory -j"$jobs" NEXT=1 "$build/bin-next/posternd"
[ -x "$build/bin/posternd" ] || exit 1

(
	renice -n 15 -p "$BASHPID" >/dev/null
	stage "check" make --no-print-directory check
	collect "$build/results"
	stage "abi" make --no-print-directory abi-check
	stage "check with ASan and UBSan: build" make --no-print-directory -j"$jobs" SAN=1 build units
	stage "check with ASan and UBSan" make --no-print-directory SAN=1 check
	collect "$build/results-san"
	stage "make check on Debian 13" tests/debian13.sh
) >"$build/check.log" 2>&1 &
stage "interop, $((jobs + 2)) at a time" interop shared script $((jobs + 2))
wait
cat "$build/check.log"
# The machine for itself: what says what the service takes, and the second run of what
# failed beside others.
stage "interop, one at a time" interop alone script
stage "interop, once more" interop shared again
collect "$build/results-alone" "$build/results-shared"
if [ "$form" = full ]; then
	stage "a million seeds of the simulator" tests/sim/many.sh tcp_sim
	stage "100,000 seeds of client and server joined" tests/sim/many.sh sim_joined
	stage "fuzzing" make --no-print-directory fuzz FUZZ_TIME="${FUZZ_TIME:-30}"
fi
echo "== $SECONDS s"
tests/run.sh summary "$results"
