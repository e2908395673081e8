$(eval $(call fuzz,kexinit,tests/fuzz/kex/kexinit.c,kex pk,$(PK_LD)))
$(eval $(call fuzz,kexmsg,tests/fuzz/kex/kexmsg.c,kex pk,$(PK_LD)))
$(eval $(call fuzz,cert,tests/fuzz/kex/cert.c,kex pk,$(PK_LD)))
$(eval $(call fuzz,groupmsg,tests/fuzz/kex/groupmsg.c,kex pk,$(PK_LD)))
