$(eval $(call fuzz,keyfile,tests/fuzz/keyfile/keyfile.c,keeper pk,$(PK_LD)))
