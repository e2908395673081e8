$(eval $(call unit,test_link_ring,tests/unit/link/test_ring.c,link wire))
$(eval $(call unit,test_link_note,tests/unit/link/test_note.c,link wire))
$(eval $(call unit,test_link_rows,tests/unit/link/test_rows.c,link wire))
