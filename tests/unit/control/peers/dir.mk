$(eval $(call unit,test_peers,tests/unit/control/peers/test_peers.c,peers conf ctl link wire))
