$(eval $(call lib,deskbench,tests/unit/control/desk/bench.c tests/unit/control/desk/workend.c))
$(eval $(call unit,test_linkend,tests/unit/control/desk/test_linkend.c,deskbench linkend ctl link wire))
