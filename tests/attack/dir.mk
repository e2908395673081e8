# Hostile peers on a raw socket, for tests/interop/attack*.sh.
$(eval $(call prog,tests/attack,$(addprefix tests/attack/,attack.c raw.c watch.c flood.c spoof.c side.c six.c crowd.c link.c)))
$(eval $(call prog,tests/churn,tests/attack/churn.c))
$(eval $(call prog,tests/sweep,tests/attack/sweep.c tests/attack/sweep_table.c,$(TESTCLIENT_LIBS),$(TESTCLIENT_LD)))
$(eval $(call prog,tests/dheat,tests/attack/dheat.c,kex pk,$(PK_LD)))
