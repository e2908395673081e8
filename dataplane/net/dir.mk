$(eval $(call lib,net,$(addprefix dataplane/net/, \
	addr.c arp.c build.c csum.c flow.c icmp.c icmp_out.c nd.c neigh.c net.c parse.c route.c via.c)))
