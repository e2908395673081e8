$(eval $(call unit,test_mem,tests/unit/dataplane/mem/test_mem.c,mem))
