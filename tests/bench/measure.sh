# Sourced: time and the CPU of servers.
#
#   cpu_postern, cpu_sshd, now, median
# CPU seconds so far of a server's whole process tree, ended children included:
# everything that runs in the namespace as part of it, the user's processes too.
ticks() { awk '{ sub(/^.*\) /, ""); t += $12 + $13 + $14 + $15 } END { printf "%.2f", t / 100 }' "$@" 2>/dev/null; }
cpu_postern() {
	local p files=
	for p in $($PIDS_CMD); do files="$files /proc/$p/stat"; done
	# shellcheck disable=SC2086
	ticks $files
}
cpu_sshd() { ticks "/proc/$sshd_pid/stat"; }

median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
now() { date +%s.%N; }
