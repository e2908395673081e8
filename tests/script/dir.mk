$(eval $(call unit,tcp_script,$(addprefix tests/script/,own.c run.c segment.c),tcp mem wire))
