$(eval $(call fuzz,record,tests/fuzz/ssh/record.c,ssh mem wire))
$(eval $(call fuzz,chanmsg,tests/fuzz/ssh/chanmsg.c,ssh mem wire))
