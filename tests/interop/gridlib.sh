# Sourced after wires.sh: postern's TCP beside the kernel's over the same bad wires.
#
# What is compared. The same application on both sides: Debian's ssh to postern and to
# OpenSSH's sshd, aes128-gcm, one channel. An SSH channel has a window of its own (2 MiB
# here, by the client, and for both); a raw TCP program would not have it, but would show
# a server that nobody runs. The client's kernel is Linux in both columns, so "down" is
# postern's sending (congestion control, recovery, send buffer) against Linux CUBIC's, and
# "up" its receiving (acknowledgements, SACK, receive window) against Linux's.
# A wire has a bottleneck (RATE, a queue of 256 KiB), so that what is measured is TCP and
# not who gets the CPU. Both columns have the same seeds: the same frames, counted from
# the start of the wire, are lost or late, though not the same segments.
# Goodput is what arrived by the time from its first byte to its end, down; up the time
# begins when the receiving program has started and said so (sshd would gather bytes while
# it starts). Each transfer has a connection of its own, in the other order in every
# second run.
RATE=${RATE:-100mbit} LANES_GRID=${LANES_GRID:-4} SECONDS_EACH=${SECONDS_EACH:-4}
REORDER=${REORDER:-2%/1500us}

wire_spec() { # loss-% rtt-ms reorder seed
	local s="seed=$4,loss=$1%,delay=$(($2 * 500))us,rate=$RATE,queue=256k"
	[ "$3" = on ] && s=$s,reorder=$REORDER
	echo "$s"
}

# About SECONDS_EACH seconds' worth: of the wire, of the channel's window, or of what a
# window of 1.2 / sqrt(loss) segments carries (RFC 5681's algorithm), whichever is least.
bytes_for() { # loss-% rtt-ms
	awk -v p="$1" -v rtt="$2" -v s="$SECONDS_EACH" -v rate="${RATE%mbit}" 'BEGIN {
		rtt = (rtt + 2) / 1000; b = rate * 125000; w = 2097152 / rtt; if (w < b) b = w
		if (p > 0) { w = 1.2 * 1448 / (rtt * sqrt(p / 100)); if (w < b) b = w }
		b *= s; if (b < 524288) b = 524288; if (b > 67108864) b = 67108864; printf "%d\n", b }'
}

# One line of the results: the point, who, bytes, seconds, sha256.
one_transfer() { # lane loss rtt reorder direction run who
	local bytes line
	bytes=$(bytes_for "$2" "$3")
	relay_up "$1" "$7" "$(wire_spec "$2" "$3" "$4" "$6")" || return 1
	line=$(transfer "$1" "$7" "$5" "$bytes" 2>>"$work/ssh.log")
	relay_down "$1" "$7"
	echo "$2 $3 $4 $5 $6 $7 $bytes ${line:-0 0 none}" >>"$work/results"
}

lane_work() { # lane: jobs from descriptor 3, whoever is free
	local job
	while :; do
		job=
		{ flock 8; read -r -u 3 job; } 8>"$work/jobs.lock"
		[ -n "$job" ] || return 0
		set -- "$1" $job
		if [ $(($6 % 2)) -eq 0 ]; then
			one_transfer "$@" linux
			one_transfer "$@" postern
		else
			one_transfer "$@" postern
			one_transfer "$@" linux
		fi
	done
}

# grid_run RUNS: "loss rtt reorder" on each line of the input, both directions.
grid_run() {
	local loss rtt reorder run i pids=
	: >"$work/results"
	while read -r loss rtt reorder; do
		for run in $(seq "$1"); do
			echo "$loss $rtt $reorder down $run"
			echo "$loss $rtt $reorder up $run"
		done
	done >"$work/jobs"
	exec 3< <(cat "$work/jobs")
	for i in $(seq "$LANES_GRID"); do
		lane_work "$i" &
		pids="$pids $!"
	done
	# shellcheck disable=SC2086
	wait $pids
	exec 3<&-
}

# Every transfer has ended, with the bytes that were sent.
grid_exact() {
	local bytes want bad=0 jobs results
	jobs=$(wc -l <"$work/jobs") results=$(wc -l <"$work/results")
	[ "$results" -eq $((2 * jobs)) ] || { echo "$results transfers, $((2 * jobs)) wanted"; bad=1; }
	for bytes in $(cut -d' ' -f7 "$work/results" | sort -nu); do
		want=$(head -c "$bytes" "$work/data" | sha256sum | cut -d' ' -f1)
		awk -v b="$bytes" -v want="$want" '$7 == b && ($8 != b || $10 != want) { print "wrong: " $0; bad = 1 }
		    END { exit bad }' "$work/results" || bad=1
	done
	[ $bad -eq 0 ] || tail -n 3 "$work/ssh.log"
	return $bad
}

# Geometric means in Mbit/s, their ratio, and what it could be as well: runs differ by which
# segment is lost when, a slow start that a loss ends early by tens. A point is below `least`
# where even that is less: the ratio and three standard errors, no less than 10 %. It fails
# there, and where the mean of the ratios of all points with loss up to 1 % is below.
grid_table() { # least
	sort -k1,1n -k2,2n -k3,3 -k4,4 "$work/results" | awk -v least="$1" '
	$9 > 0 { key = $1 " " $2 " " $3 " " $4; if (!(key in bytes)) order[++count] = key; bytes[key] = $8
		x = log($8 * 8 / 1e6 / $9); n[key, $6]++; sum[key, $6] += x; square[key, $6] += x * x }
	function spread(key, who) { return square[key, who] - sum[key, who] * sum[key, who] / n[key, who] }
	END {
		printf "%7s %7s %8s %5s %9s %15s %15s %6s %6s\n", "loss %", "RTT ms", "reorder", "", "KiB", "postern Mbit/s", "Linux Mbit/s", "ratio", "up to"
		for (i = 1; i <= count; i++) {
			key = order[i]; split(key, k, " ")
			np = n[key, "postern"]; nl = n[key, "linux"]
			if (!np || !nl) continue
			var = 0
			if (np + nl > 2) var = (spread(key, "postern") + spread(key, "linux")) / (np + nl - 2)
			p = sum[key, "postern"] / np; l = sum[key, "linux"] / nl
			high = 3 * sqrt(var / np + var / nl)
			r = exp(p - l); high = r * exp(high > 0.1 ? high : 0.1)
			low = k[1] <= 1 && high < least; bad += low
			if (k[1] <= 1) { total += p - l; points++ }
			printf "%7s %7s %8s %5s %9d %15.2f %15.2f %6.2f %6.2f%s\n", k[1], k[2], k[3], k[4], bytes[key] / 1024, exp(p), exp(l), r, high, low ? "  below " least : ""
		}
		if (points) { mean = exp(total / points); printf "mean of the ratios with loss up to 1 %%: %.2f\n", mean; bad += mean < least }
		exit bad > 0
	}'
}

grid_points() {
	local loss rtt reorder
	for loss in 0 0.01 0.1 1 5; do
		for rtt in 0 20 100 300; do
			for reorder in off on; do echo "$loss $rtt $reorder"; done
		done
	done
}
