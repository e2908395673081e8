$(eval $(call fuzz,impair,tests/fuzz/words/impair.c,nic))
$(eval $(call fuzz,pubfile,tests/fuzz/words/pubfile.c,keeper kex pk,$(PK_LD)))
$(eval $(call fuzz,plugconf,tests/fuzz/words/plugconf.c,ctl confine wire,-lseccomp))
