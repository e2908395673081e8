$(eval $(call fuzz,keyfile,tests/fuzz/keyfile/keyfile.c,keeper kex pk,$(PK_LD)))
