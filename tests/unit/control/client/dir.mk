$(eval $(call unit,test_agent,tests/unit/control/client/test_agent.c,kex pk,$(PK_LD)))
$(eval $(call unit,test_knownhosts,tests/unit/control/client/test_knownhosts.c,client kex pk,$(PK_LD)))
$(eval $(call unit,test_caller,tests/unit/control/client/test_caller.c,client step kex pk rng link wire,$(PK_LD)))
$(eval $(call unit,test_hostupdate,tests/unit/control/client/test_hostupdate.c,client kex pk rng wire,$(PK_LD)))
