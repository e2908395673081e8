# Sourced by the scripts of attacks: meters, an attacker, and the oracle, a transfer that
# must arrive exactly, whatever happens beside it.
#
#   meter NAME, drops REASON    of all workers, since the start
#   calm                        nothing is under pressure
#   attack VERB ARGUMENT...     tests/attack/attack.c, in the client's namespace
#   transfer_start, transfer_end; $port is the client's while it runs. OVER=$HOST6: by IPv6
status_of() { $CTL --json status | perl -MJSON::PP -0ne '$w = decode_json($_)->{workers}; $n = 0; $n += '"$1"' // 0 for @$w; print $n'; }
meter() { status_of "\$_->{counters}{$1}"; }
drops() { status_of "\$_->{drops}{$1}"; }
calm() { is 0 status_of 'grep({ $_ ne "normal" } values %{$_->{load}})'; }
# limit NAME current|high_water|limit: of all workers.
limit() {
	$CTL --json limits | perl -MJSON::PP -0ne '$n = 0; for $l (@{decode_json($_)->{limits}}) {
	    next if $l->{name} ne "'"$1"'"; $n += $_->{'"$2"'} for @{$l->{workers}} } print $n'
}

attack_bin=${BIN:-build/bin}/tests/attack
attack_begin() {
	ping_mac() { client ping -c 1 -W 1 "$HOST" && victim=$(client ip neigh show "$HOST" | sed -n 's/.*lladdr \([0-9a-f:]*\).*/\1/p') && [ -n "$victim" ]; }
	until_true 20 ping_mac
	: "${victim:?the service does not answer a ping}"
}
attack() { client "$attack_bin" cl0 10.77.0.2 "$HOST" "$victim" "$PORT" "${SEED:-1}" "$@"; }

probe() { LIMIT=${PROBE_LIMIT:-100} client ssh "${ssh_opts[@]}" -o ConnectTimeout=90 "$SSH_USER@$HOST" true; }

home() { echo "$ROOT/home/$SSH_USER"; }
over() { case ${OVER:=$HOST} in *:*) echo "[$OVER]" ;; *) echo "$OVER" ;; esac; }
transfer_ports() { client ss -Htn state established dst "$(over)" | awk '{ n = split($3, a, ":"); print a[n] }'; }
transfer_start() {
	[ -e "$(home)/blob" ] || head -c 262144 /dev/urandom >"$(home)/blob"
	chmod 644 "$(home)/blob"
	rm -f "$(home)/stop" "$(home)/count"
	LIMIT=${TRANSFER_LIMIT:-500} client ssh "${ssh_opts[@]}" "$SSH_USER@${OVER:=$HOST}" \
	    'n=0; while [ ! -e stop ]; do cat blob; n=$((n + 1)); sleep 0.1; done; echo $n >count' |
	    sha256sum >"$work/sum" &
	transfer=$!
	sent_some() { [ "$(meter tx_bytes)" -gt $((before + 1000000)) ]; }
	local before
	before=$(meter tx_bytes)
	until_true 60 sent_some || return 1
	port=$(transfer_ports | head -n 1)
	[ -n "$port" ]
}

# It arrived, to the last byte, on the connection that it began with.
transfer_end() {
	local n
	kill -0 "$transfer" || { echo "the transfer ended by itself"; return 1; }
	touch "$(home)/stop"
	wait "$transfer" || return 1
	n=$(cat "$(home)/count") && [ "$n" -gt 4 ] || return 1
	for ((; n > 0; n--)); do cat "$(home)/blob"; done | sha256sum | cmp - "$work/sum"
}
transfer_goes_on() {
	local before
	kill -0 "$transfer" && transfer_ports | grep -qx "$port" || return 1
	before=$(meter tx_bytes)
	more() { [ "$(meter tx_bytes)" -gt $((before + 1000000)) ]; }
	until_true 60 more
}
