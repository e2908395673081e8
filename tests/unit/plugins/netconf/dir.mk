# What of the plugin is pure.
$(eval $(call lib,netconf,plugins/netconf/framing.c plugins/netconf/hello.c))
$(eval $(call unit,test_netconf_framing,tests/unit/plugins/netconf/test_framing.c,netconf))
