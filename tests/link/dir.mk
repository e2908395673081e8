$(eval $(call unit,test_link_hostile,tests/link/test_hostile.c,link wire))
