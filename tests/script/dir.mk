$(eval $(call unit,tcp_script,tests/script/run.c tests/script/segment.c,tcp mem wire))
