$(eval $(call unit,tcp_script,tests/script/run.c,tcp mem wire))
