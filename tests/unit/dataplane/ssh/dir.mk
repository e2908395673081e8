SSH_UNIT := tests/unit/dataplane/ssh

$(eval $(call unit,test_ssh_record,$(SSH_UNIT)/test_record.c $(SSH_UNIT)/toy.c,ssh mem wire))
$(eval $(call unit,test_ssh_ident,$(SSH_UNIT)/test_ident.c,ssh mem wire))
$(eval $(call unit,test_ssh_demux,$(SSH_UNIT)/test_demux.c,ssh mem wire))
$(eval $(call unit,test_ssh_itemq,$(SSH_UNIT)/test_itemq.c,ssh mem wire))
