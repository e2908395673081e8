$(eval $(call unit,test_keeper,tests/unit/control/keeper/test_keeper.c,keeper peers conf kex pk ctl link wire,$(PK_LD)))
$(eval $(call unit,test_hostkey,tests/unit/control/keeper/test_hostkey.c,keeper peers conf kex pk ctl link wire,$(PK_LD)))
$(eval $(call unit,test_agentlink,tests/unit/control/keeper/test_agentlink.c,keeper peers conf kex pk ctl link wire,$(PK_LD)))
