#!/bin/bash
# Virtual routers beside keepalived: who is Master, how fast that changes, under which
# MAC address, and logins to the virtual addresses after each change. A bridge joins
# the client, the service and keepalived's namespace.
. "$(dirname "$0")/lib.sh"
vip=10.77.0.100 vip6=fd77::64 vlink=fe80::64
mac4=00:00:5e:00:01:33 mac6=00:00:5e:00:02:34
# 0.2 s between advertisements, priority 100: Skew_Time 0.12 s, down after 0.72 s.
skew=0.122 down=0.722
slack=0.6 # the machine's, under load
other=pst-$NAME-k
kdir=$work/keepalived

drop_all() {
	[ -n "${dump:-}" ] && kill "$dump" 2>/dev/null
	keepalived_end KILL
	ip netns del "$other" 2>/dev/null
	bed_down
}

keepalived_end() { # SIGNAL
	local parent vrrp
	parent=$(cat "$kdir/parent.pid" 2>/dev/null) vrrp=$(cat "$kdir/vrrp.pid" 2>/dev/null)
	# A child whose parent dies first, or a new child of a parent that lives on, says
	# goodbye on the wire: stopped, the parent sees nothing of a death without a word.
	[ "$1" = KILL ] && kill -STOP $parent 2>/dev/null
	kill -"$1" $vrrp $parent 2>/dev/null
	until_true 10 keepalived_gone
	rm -f "$kdir"/*.pid
	# Killed, it leaves its interfaces: an answer from them would be a second Master's.
	ip -n "$other" link del vrrp4 2>/dev/null
	ip -n "$other" link del vrrp6 2>/dev/null
	return 0
}
keepalived_gone() { [ -z "$(ip netns pids "$other" 2>/dev/null)" ]; }

keepalived_as() { # PRIORITY
	mkdir -p "$kdir"
	cat >"$kdir/conf" <<-END
	global_defs {
		vrrp_version 3
		vrrp_garp_master_refresh 0
	}
	vrrp_instance V4 {
		state BACKUP
		interface k0
		use_vmac vrrp4
		virtual_router_id 51
		priority $1
		advert_int 0.2
		virtual_ipaddress { $vip/24 }
	}
	vrrp_instance V6 {
		state BACKUP
		interface k0
		use_vmac vrrp6
		virtual_router_id 52
		priority $1
		advert_int 0.2
		virtual_ipaddress {
			$vlink/64
			$vip6/64
		}
	}
	END
	ip netns exec "$other" keepalived -n -l -D -f "$kdir/conf" -p "$kdir/parent.pid" -r "$kdir/vrrp.pid" \
	    >>"$work/keepalived.log" 2>&1 </dev/null &
	disown
}

network() { # the client's address moves to a bridge; a third station beside it
	ip -n "$NETNS" link add br0 type bridge mcast_snooping 0
	ip -n "$NETNS" addr del 10.77.0.2/24 dev cl0
	ip -n "$NETNS" addr del fd77::2/64 dev cl0
	ip netns exec "$NETNS" sysctl -qw net.ipv6.conf.br0.accept_dad=0
	ip -n "$NETNS" link set cl0 master br0
	ip netns add "$other"
	ip -n "$NETNS" link add kl0 type veth peer name k0 netns "$other"
	ip -n "$NETNS" link set kl0 master br0 up
	ip -n "$NETNS" link set br0 up
	ip -n "$NETNS" addr add 10.77.0.2/24 dev br0
	ip -n "$NETNS" addr add fd77::2/64 dev br0 nodad
	ip netns exec "$other" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
	ip -n "$other" link set lo up
	ip -n "$other" link set k0 up
	ip -n "$other" addr add 10.77.0.3/24 dev k0
	ip -n "$other" addr add fd77::3/64 dev k0 nodad
	ip netns exec "$NETNS" tcpdump -i br0 -tt -n -l -e '(ip proto 112) or (ip6 proto 112)' \
	    >"$work/wire" 2>"$work/dump.log" &
	dump=$!
	until_true 10 grep -q listening "$work/dump.log"
}

# Advertisements on the wire: TIME FAMILY MAC SOURCE PRIORITY.
adverts() {
	sed -nE 's/^([0-9.]+) ([0-9a-f:]+) > .*ethertype IPv(4|6).*: ([0-9a-f.:]+) > .* prio ([0-9]+),.*/\1 \3 \2 \4 \5/p' \
	    "$work/wire"
}
ours4=10.77.0.1
last_of() { # FAMILY SOURCE-PATTERN: the time of its last advertisement
	adverts | awk -v f="$1" -v s="$2" '$2 == f && $4 ~ s { t = $1 } END { print t }'
}
speaks() { # FAMILY SOURCE-PATTERN: the last one was its, with a priority
	adverts | awk -v f="$1" '$2 == f { s = $4; p = $5 } END { print s, p }' | grep -qE "^($2)[^ ]* [1-9]"
}
we_speak() { speaks 4 "$ours4" && [ "$(masters)" = 2 ]; }
they_speak() { speaks 4 10.77.0.3 && [ "$(masters)" = 0 ]; }
masters() { $CTL status | sed -n 's/.*virtual, Master of //p'; }

# Seconds between the last advertisement of one and the first of the other after it.
gap() { # FROM TO
	adverts | awk -v from="$1" -v to="$2" '$2 == 4 && $4 == from { last = $1; first = "" }
	    $2 == 4 && $4 == to && first == "" { first = $1 } END { printf "%.3f\n", first - last }'
}
within() { # LOW HIGH VALUE
	awk -v lo="$1" -v hi="$2" -v v="$3" -v s="$slack" 'BEGIN { exit !(v >= lo && v <= hi + s) }' || { echo "$3 s"; return 1; }
}
took() { # FROM TO SECONDS: no sooner, and later by the machine's slack alone
	local g
	g=$(gap "$1" "$2")
	echo "        $g s on the wire, RFC 5798 has $3"
	within "$(awk -v d="$3" 'BEGIN { print d - 0.03 }')" "$3" "$g"
}

login() { client ssh "${ssh_opts[@]}" -o HostKeyAlias=10.77.0.1 "$SSH_USER@$1" "${@:2}"; }
neighbour() { ip -n "$NETNS" neigh get "$1" dev br0 2>/dev/null | sed -n 's/.*lladdr \([0-9a-f:]*\).*/\1/p'; }

bed_up --set 'VirtualRouter 51 10.77.0.100 priority=100 interval=20' \
    --set 'VirtualRouter 52 fe80::64 fd77::64 priority=100 interval=20'
trap drop_all EXIT
network

alone() { until_true 10 we_speak; }
check "alone we are Master" alone
check "login to the virtual IPv4 address" is "$vip" login $vip 'set -- $SSH_CONNECTION; echo $3'
check "and to the IPv6 one" is "$vip6" login $vip6 'set -- $SSH_CONNECTION; echo $3'
check "IPv4: its MAC address is the virtual one" is $mac4 neighbour $vip
check "IPv6: as well" is $mac6 neighbour $vip6
advert_good() { adverts | awk -v m4=$mac4 -v m6=$mac6 '$2 == 4 && $3 == m4 && $5 == 100 { a = 1 } $2 == 6 && $3 == m6 && $5 == 100 { b = 1 } END { exit !(a && b) }'; }
check "advertisements come from it" advert_good

keepalived_as 150
preempted() { until_true 20 they_speak; }
check "keepalived with a greater priority preempts us" preempted
answers() { client ping -c 1 -W 2 $vip && client ping -c 1 -W 2 $vip6; }
check "the addresses are answered there" until_true 5 answers
check "and no login is served at them" status 255 login $vip true

keepalived_end KILL
back() { until_true 10 we_speak; }
check "it dies: we are Master" back
check "within Master_Down_Interval" took 10.77.0.3 $ours4 $down
tail -n 1 "$work/check.out"
check "login to the IPv4 address after the change" is ok login $vip echo ok
check "and to the IPv6 one" is ok login $vip6 echo ok

keepalived_as 150
check "it comes back and preempts" preempted
keepalived_end TERM
check "it says that it goes: we are Master" back
check "within Skew_Time" took 10.77.0.3 $ours4 $skew
tail -n 1 "$work/check.out"
check "login after that" is ok login $vip6 echo ok

keepalived_as 50
stays() { sleep 1 && we_speak; } # longer than it waits for a Master
check "a lesser one does not preempt us" stays
session_starts() {
	coproc SSH { exec ip netns exec "$NETNS" ssh "${ssh_opts[@]}" -o HostKeyAlias=10.77.0.1 "$SSH_USER@$vip" cat; }
	from=${SSH[0]} to=${SSH[1]} ssh_pid=$SSH_PID
	session_goes one
}
session_goes() {
	local line
	echo "$1" >&"$to" && read -r -t 10 -u "$from" line && [ "$line" = "$1" ]
}
check "a session through the virtual address" session_starts
check "goes on beside a Backup" session_goes two
exec {to}>&-
wait "$ssh_pid"
resigned() { adverts | awk -v s="$ours4" '$2 == 4 && $4 == s && $5 == 0 { a = 1 } END { exit !a }'; }
dataplane_ends() { $bed restart --name "$NAME"; until_true 10 resigned; }
check "our dataplane ends and says so" dataplane_ends
check "it comes back and is Master again" back
check "login after that" until_true 10 login $vip true
finish
