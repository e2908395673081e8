# What the interop scripts need besides the stock clients.
$(eval $(call prog,tests/memscan,tests/interop/memscan.c))
$(eval $(call prog,tests/isn,tests/interop/isn.c))
$(eval $(call prog,tests/inject,tests/interop/inject.c))
$(eval $(call prog,tests/wire,tests/interop/wire.c,nic nic_dpdk,$$(DPDK_LIBS)))
$(eval $(call prog,tests/fuse-hang,tests/interop/fuse_hang.c))
$(eval $(call prog,tests/relay,tests/interop/relay.c,nic))
$(eval $(call prog,tests/wrong,tests/interop/wrong.c,$(TESTCLIENT_LIBS),$(TESTCLIENT_LD)))
$(eval $(call prog,tests/engine-client,$(addprefix tests/interop/,engine_client.c engine_auth.c engine_more.c),$(CALLEND_LIBS) zip keeper,\
	$(CALLEND_LD) $(ZIP_LD)))
$(eval $(call prog,tests/nonces,tests/interop/nonces.c,$(TESTCLIENT_LIBS),$(TESTCLIENT_LD)))
