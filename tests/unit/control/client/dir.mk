$(eval $(call unit,test_agent,tests/unit/control/client/test_agent.c,kex pk,$(PK_LD)))
