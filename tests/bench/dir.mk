# What the benchmark needs besides the stock clients.
$(eval $(call prog,tests/login-rate,tests/bench/login_rate.c,$(TESTCLIENT_LIBS),$(TESTCLIENT_LD)))
