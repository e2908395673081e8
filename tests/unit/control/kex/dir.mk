$(eval $(call unit,test_kexinit,tests/unit/control/kex/test_kexinit.c,kex pk,$(PK_LD)))
$(eval $(call unit,test_kex,tests/unit/control/kex/test_kex.c,kex pk rng vector,$(PK_LD)))
$(eval $(call unit,test_kex_leftover,tests/unit/control/kex/test_leftover.c,kex pk,$(PK_LD)))
$(eval $(call unit,test_kex_suites,tests/unit/control/kex/test_suites.c,kex pk vector,$(PK_LD)))
