$(eval $(call unit,msg,tests/unit/control/msg/test_msg.c,ctl link wire,))
