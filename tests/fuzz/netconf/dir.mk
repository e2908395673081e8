$(eval $(call fuzz,netconf,tests/fuzz/netconf/netconf.c,netconf))
