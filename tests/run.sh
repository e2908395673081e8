#!/bin/bash
# Runs tests of one kind and adds their results to a file; see `summary`.
#   run.sh unit RESULTS PROGRAM...      CUnit programs, counted by their summary
#   run.sh replay RESULTS CORPUS PROGRAM...  fuzz targets over their corpora
#   run.sh script RESULTS SCRIPT...     scripts that end with "N passed, N failed"
#   run.sh again RESULTS SCRIPT...      of these scripts up to AGAIN that failed once more,
#                                       one at a time, and that counts
#   run.sh summary RESULTS              one line, and the exit status
# LANES=N: so many at a time.
set -u
kind=$1 results=$2
shift 2
mkdir -p "$(dirname "$results")/log"
logs=$(dirname "$results")/log

note() { # passed failed name log
	echo "$1 $2 $3" >>"$results"
	if [ "$2" -ne 0 ]; then
		# In one piece, whoever else writes.
		printf '%s\n' "  FAILED  $3 (last lines of $4)
$(tail -n 40 "$4" | sed 's/^/    /')"
	else
		printf '  %-7s %s (%s)\n' ok "$3" "$1"
	fi
}

# CUnit's table: "tests  N  N  N  N  N": total, ran, passed, failed.
unit() {
	local name log status counts
	name=$(basename "$1") log=$logs/$(basename "$(dirname "$results")")-$(basename "$results")-$(basename "$1").log
	timeout 600 "$1" >"$log" 2>&1
	status=$?
	counts=$(awk '/^ *tests +[0-9]/ { p += $4; f += $5 } END { print p + 0, f + 0 }' "$log")
	if [ $status -ne 0 ] && [ "${counts#* }" -eq 0 ]; then
		echo "exit status $status" >>"$log"
		note "${counts% *}" 1 "$name" "$log"
	elif [ "$counts" = "0 0" ] && grep -q '^skipped: ' "$log"; then
		printf '  %-7s %s\n' skipped "$name: $(sed -n 's/^skipped: //p' "$log")" # `make test` is root's
	elif [ "$counts" = "0 0" ]; then
		echo "no test ran" >>"$log"
		note 0 1 "$name" "$log"
	else
		note "${counts% *}" "${counts#* }" "$name" "$log"
	fi
}

replay() {
	local name log
	name=$(basename "$1") log=$logs/$(basename "$(dirname "$results")")-$(basename "$results")-replay-$(basename "$1").log
	if timeout 300 "$1" "$corpus/$name"/* >"$log" 2>&1; then
		note 1 0 "replay $name" "$log"
	else
		note 0 1 "replay $name" "$log"
	fi
}

script() {
	local name log status counts start=$SECONDS
	name=$(basename "$1") log=$logs/$(basename "$1").log
	timeout 1200 "$1" >"$log" 2>&1 </dev/null
	status=$?
	counts=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1 | awk '{ print $1, $3 }')
	[ -n "$counts" ] || counts="0 0"
	if [ $status -ne 0 ] && [ "${counts#* }" -eq 0 ]; then
		note "${counts% *}" 1 "$name" "$log"
	elif [ "${counts% *}" -eq 0 ] && [ "${counts#* }" -eq 0 ]; then
		echo "no test ran" >>"$log"
		note 0 1 "$name" "$log"
	else
		note "${counts% *}" "${counts#* }" "$name, $((SECONDS - start)) s" "$log"
	fi
}

# A lane takes the next one when it has finished one.
lanes() { # kind what...
	local running=0 t kind=$1
	shift
	for t in "$@"; do
		if [ $running -ge "${LANES:-1}" ]; then
			wait -n
			running=$((running - 1))
		fi
		"$kind" "$t" &
		running=$((running + 1))
	done
	wait
}

# Many clocks tick in these scripts and a shared machine may stand still under one. What
# fails beside others runs once more alone; more than $AGAIN failures are no accident, and
# a first failure is never silent.
again() {
	local failed=() name line
	mapfile -t failed < <(awk '$2 > 0 { sub(/,$/, "", $3); print $3 }' "$results")
	[ "${#failed[@]}" -gt 0 ] && [ "${#failed[@]}" -le "${AGAIN:-0}" ] || return 0
	for name in "${failed[@]}"; do
		for line in "$@"; do
			[ "$(basename "$line")" = "$name" ] || continue
			mv "$logs/$name.log" "$logs/$name.first.log"
			sed -i "/^[0-9]* [0-9]* $name/d" "$results"
			echo "  again   $name, alone (what failed is in $logs/$name.first.log)"
			script "$line"
			echo "0 0 again: $name" >>"$results"
		done
	done
}

case $kind in
unit | script) lanes "$kind" "$@" ;;
replay)
	corpus=$1
	shift
	lanes replay "$@"
	;;
again) again "$@" ;;
summary)
	sed -n 's/^0 0 again: /a second run, alone, decided on /p' "$results"
	awk '{ p += $1; f += $2 } END { printf "%d passed, %d failed\n", p, f; exit f > 0 || p == 0 }' "$results"
	;;
*)
	echo "run.sh: unknown kind $kind" >&2
	exit 2
	;;
esac
