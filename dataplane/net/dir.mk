$(eval $(call lib,net,$(addprefix dataplane/net/, \
	addr.c arp.c build.c csum.c csum_wide.c ends.c flow.c frag.c icmp.c icmp_out.c ip6.c mld.c nd.c neigh.c neigh_fsm.c net.c own.c \
	parse.c route.c segment.c via.c vlan.c vrrp.c vrrp_fsm.c vrrp_pkt.c)))
