SSH_UNIT := tests/unit/dataplane/ssh

$(eval $(call unit,test_ssh_record,$(SSH_UNIT)/test_record.c $(SSH_UNIT)/toy.c,ssh mem wire))
$(eval $(call unit,test_ssh_ident,$(SSH_UNIT)/test_ident.c,ssh mem wire))
$(eval $(call unit,test_ssh_demux,$(SSH_UNIT)/test_demux.c,ssh mem wire))
$(eval $(call unit,test_ssh_itemq,$(SSH_UNIT)/test_itemq.c,ssh mem wire))
$(eval $(call unit,test_ssh_conn,$(SSH_UNIT)/test_conn.c $(SSH_UNIT)/duo.c $(SSH_UNIT)/toy.c,ssh mem wire))
$(eval $(call unit,test_ssh_chan,$(SSH_UNIT)/test_chan.c $(SSH_UNIT)/duo.c $(SSH_UNIT)/toy.c,ssh mem wire))
$(eval $(call unit,test_ssh_fair,$(SSH_UNIT)/test_fair.c $(SSH_UNIT)/duo.c $(SSH_UNIT)/toy.c,ssh mem wire))
$(eval $(call unit,test_ssh_rekey,$(SSH_UNIT)/test_rekey.c $(SSH_UNIT)/duo.c $(SSH_UNIT)/toy.c,ssh mem wire))
$(eval $(call unit,test_ssh_deadline,$(SSH_UNIT)/test_deadline.c $(SSH_UNIT)/duo.c $(SSH_UNIT)/toy.c,ssh mem wire))
$(eval $(call unit,test_ssh_gcm,$(SSH_UNIT)/test_gcm.c $(SSH_UNIT)/duo.c $(SSH_UNIT)/toy.c,\
	ssh mem wire cipher cipher_ipsecmb cipher_openssl,$(CIPHER_IPSECMB_LD) $(CIPHER_OPENSSL_LD)))
