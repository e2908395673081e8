$(eval $(call unit,test_reader,tests/unit/control/reader/test_reader.c,reader ctl link wire))
