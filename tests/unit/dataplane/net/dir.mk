NET_UNIT := tests/unit/dataplane/net

$(eval $(call unit,test_net,$(NET_UNIT)/test_net.c $(NET_UNIT)/rig.c,net mem))
$(eval $(call unit,test_icmp,$(NET_UNIT)/test_icmp.c $(NET_UNIT)/rig.c,net mem))
$(eval $(call unit,test_frag,$(NET_UNIT)/test_frag.c $(NET_UNIT)/rig.c,net mem))
$(eval $(call unit,test_segment,$(NET_UNIT)/test_segment.c $(NET_UNIT)/rig.c,net tcp mem wire))
$(eval $(call unit,test_neigh,$(NET_UNIT)/test_neigh.c $(NET_UNIT)/rig.c,net mem))
$(eval $(call unit,test_own,$(NET_UNIT)/test_own.c $(NET_UNIT)/rig.c,net mem))
$(eval $(call unit,test_vrrp,$(NET_UNIT)/test_vrrp.c $(NET_UNIT)/rig.c,net mem))
$(eval $(call unit,test_flow,$(NET_UNIT)/test_flow.c $(NET_UNIT)/rig.c,net mem vector))
$(eval $(call unit,test_ends,$(NET_UNIT)/test_ends.c $(NET_UNIT)/rig.c,net mem vector))
$(eval $(call unit,test_vlan,$(NET_UNIT)/test_vlan.c $(NET_UNIT)/rig.c,net mem))
