$(eval $(call unit,test_link_ring,tests/unit/link/test_ring.c,link wire))
$(eval $(call unit,test_link_note,tests/unit/link/test_note.c,link wire))
