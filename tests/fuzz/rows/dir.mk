$(eval $(call fuzz,rows,tests/fuzz/rows/rows.c,link wire))
