comma := ,
$(eval $(call fuzz,record,tests/fuzz/ssh/record.c,ssh mem wire))
$(eval $(call fuzz,suite,tests/fuzz/ssh/suite.c,ssh mem wire cipher cipher_ipsecmb cipher_openssl,\
	-Wl$(comma)-u$(comma)cipher_wanted_ipsecmb -Wl$(comma)-u$(comma)cipher_wanted_openssl \
	$(CIPHER_IPSECMB_LD) $(CIPHER_OPENSSL_LD)))
$(eval $(call fuzz,chanmsg,tests/fuzz/ssh/chanmsg.c,ssh mem wire))
$(eval $(call fuzz,zip,tests/fuzz/ssh/zip.c,ssh mem wire zip,$(ZIP_LD)))
