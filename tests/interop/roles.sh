# Sourced after lib.sh: find, stop and kill the processes of a role.

ROLES="gate clerk keeper warden reader console supervisor all"

# role_pids ROLE: gate, clerk, ..., supervisor, dp, host, login, or all (every
# process of the control plane but hosts and login leaders).
role_pids() {
	local p words out=
	for p in $(ip netns pids "$SERVER_NETNS"); do
		words=()
		{ mapfile -d '' -t words <"/proc/$p/cmdline"; } 2>/dev/null
		case "$1 ${words[*]:0:3}" in
		"$1 posternd role $1" | "supervisor "*/posternd\ -f\ * | "dp "*/postern-dp\ *) out="$out $p" ;;
		"all posternd role host" | "all posternd role login") ;;
		"all posternd role "* | "all "*/posternd\ -f\ *) out="$out $p" ;;
		esac
	done
	echo "${out# }"
}

signal_role() { # SIGNAL ROLE
	local pids
	pids=$(role_pids "$2")
	[ -n "$pids" ] || { echo "no process of role $2"; return 1; }
	# shellcheck disable=SC2086
	kill "-$1" $pids
}

# role_back ROLE OLD-PIDS: it runs again under other pids, and is ready.
role_back() {
	local now p
	now=$(role_pids "$1")
	[ -n "$now" ] || return 1
	for p in $2; do
		case " $now " in *" $p "*) return 1 ;; esac
	done
	$CTL --json status >"$work/status" 2>/dev/null || return 1
	! grep -q '"ready": false' "$work/status" && grep -q '"attached": true' "$work/status"
}

millis() { echo $(($(date +%s%N) / 1000000)); }

counter() { $CTL --json status | grep -o "\"$1\": *[0-9]*" | grep -o '[0-9]*$' | head -n 1; }
