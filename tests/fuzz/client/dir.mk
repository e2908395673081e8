$(eval $(call fuzz,knownhosts,tests/fuzz/client/knownhosts.c,client kex pk,$(PK_LD)))
