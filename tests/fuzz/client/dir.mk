$(eval $(call fuzz,knownhosts,tests/fuzz/client/knownhosts.c,client kex pk,$(PK_LD)))
$(eval $(call fuzz,caller,tests/fuzz/client/caller.c,client step kex pk rng link wire,$(PK_LD)))
$(eval $(call fuzz,hostupdate,tests/fuzz/client/hostupdate.c,client kex pk,$(PK_LD)))
