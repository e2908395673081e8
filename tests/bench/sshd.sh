# Sourced: the peer. An sshd of its own on a veth of its own, between the same
# two namespaces and with the same settings as the service's, one per port pair.
#
#   sshd_up, sshd_down
#   sshd_address, sshd_user, sshd_pid
sshd_address=10.78.0.1 sshd_user=root

sshd_up() {
	local dir=$work/sshd peer_sshd
	peer_sshd=$(tools/peer_sshd.sh get "${BUILD:-build}/peer/sshd") || return 1
	ip link add sk0 netns "$SERVER_NETNS" type veth peer name ck0 netns "$NETNS"
	ip -n "$SERVER_NETNS" addr add $sshd_address/24 dev sk0
	ip -n "$NETNS" addr add 10.78.0.2/24 dev ck0
	ip -n "$SERVER_NETNS" link set sk0 up
	ip -n "$NETNS" link set ck0 up
	ip netns exec "$SERVER_NETNS" ethtool -K sk0 tx off tso off gso off gro off >/dev/null 2>&1
	ip netns exec "$NETNS" ethtool -K ck0 tx off tso off gso off gro off >/dev/null 2>&1
	mkdir -m 700 "$dir"
	ssh-keygen -q -t ed25519 -N '' -f "$dir/host"
	cat >"$dir/config" <<-END
		Port 22
		ListenAddress $sshd_address
		HostKey $dir/host
		AuthorizedKeysFile $SSH_KEY.pub
		StrictModes no
		UsePAM no
		PermitRootLogin yes
		PidFile none
		MaxStartups 1000
		Subsystem sftp internal-sftp
		LogLevel ERROR
	END
	ip netns exec "$SERVER_NETNS" tools/peer_sshd.sh run "$peer_sshd" -D -f "$dir/config" 2>/dev/null &
	sshd_pid=$!
	echo "$sshd_address $(cut -d' ' -f1,2 "$dir/host.pub")" >>"$KNOWN_HOSTS"
}

sshd_down() {
	kill "$sshd_pid" 2>/dev/null
	ip -n "$NETNS" link del ck0 2>/dev/null
}
