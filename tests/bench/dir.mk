# What the benchmark needs besides the stock clients.
$(eval $(call prog,tests/login-rate,tests/bench/login_rate.c,$(TESTCLIENT_LIBS),$(TESTCLIENT_LD)))
$(eval $(call prog,tests/port-rate,tests/bench/port_rate.c,nic nic_dpdk clock,$$(DPDK_LIBS)))
$(eval $(call prog,tests/auth-time,tests/bench/auth_time.c,$(TESTCLIENT_LIBS),$(TESTCLIENT_LD)))
$(eval $(call prog,tests/cipher-rate,tests/bench/cipher_rate.c,cipher cipher_ipsecmb cipher_openssl clock,\
	$(CIPHER_IPSECMB_LD) $(CIPHER_OPENSSL_LD)))
$(eval $(call prog,tests/record-time,tests/bench/record_time.c,$(TESTCLIENT_LIBS),$(TESTCLIENT_LD)))
$(eval $(call prog,tests/kex-rate,tests/bench/kex_rate.c,kex pk,$(PK_LD)))
$(eval $(call prog,tests/tcp-cost,tests/bench/tcp_cost.c,tcp net mem wire nic clock))
$(eval $(call prog,tests/rekey-load,tests/bench/rekey_load.c,$(TESTCLIENT_LIBS),$(TESTCLIENT_LD)))
