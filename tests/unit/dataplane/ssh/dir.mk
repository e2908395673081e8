SSH_UNIT := tests/unit/dataplane/ssh
DUO := $(addprefix $(SSH_UNIT)/,duo.c duo_ops.c toy.c)

$(eval $(call unit,test_ssh_record,$(SSH_UNIT)/test_record.c $(SSH_UNIT)/toy.c,ssh mem wire))
$(eval $(call unit,test_ssh_ident,$(SSH_UNIT)/test_ident.c,ssh mem wire))
$(eval $(call unit,test_ssh_demux,$(SSH_UNIT)/test_demux.c,ssh mem wire))
$(eval $(call unit,test_ssh_itemq,$(SSH_UNIT)/test_itemq.c,ssh mem wire))
$(eval $(call unit,test_ssh_conn,$(SSH_UNIT)/test_conn.c $(DUO),ssh mem wire))
$(eval $(call unit,test_ssh_chan,$(SSH_UNIT)/test_chan.c $(DUO),ssh mem wire))
$(eval $(call unit,test_ssh_chan_life,$(SSH_UNIT)/test_chan_life.c $(DUO),ssh mem wire))
$(eval $(call unit,test_ssh_ask,$(SSH_UNIT)/test_ask.c $(DUO),ssh mem wire))
$(eval $(call unit,test_ssh_fair,$(SSH_UNIT)/test_fair.c $(DUO),ssh mem wire))
$(eval $(call unit,test_ssh_window,$(SSH_UNIT)/test_window.c $(DUO),ssh mem wire))
$(eval $(call unit,test_ssh_lazy,$(SSH_UNIT)/test_lazy.c $(DUO),ssh mem wire))
$(eval $(call unit,test_ssh_rekey,$(SSH_UNIT)/test_rekey.c $(DUO),ssh mem wire))
$(eval $(call unit,test_ssh_deadline,$(SSH_UNIT)/test_deadline.c $(DUO),ssh mem wire))
$(eval $(call unit,test_ssh_suites,$(SSH_UNIT)/test_suites.c $(DUO),\
	ssh mem wire cipher cipher_ipsecmb cipher_openssl,$(CIPHER_IPSECMB_LD) $(CIPHER_OPENSSL_LD)))
$(eval $(call unit,test_ssh_limits,$(SSH_UNIT)/test_limits.c $(DUO),\
	ssh mem wire cipher cipher_ipsecmb cipher_openssl,$(CIPHER_IPSECMB_LD) $(CIPHER_OPENSSL_LD)))
$(eval $(call unit,test_ssh_zip,$(SSH_UNIT)/test_zip.c $(DUO),ssh mem wire zip,$(ZIP_LD)))
