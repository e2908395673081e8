$(eval $(call lib,deskbench,tests/unit/control/desk/bench.c tests/unit/control/desk/workend.c))
$(eval $(call unit,test_linkend,tests/unit/control/desk/test_linkend.c,deskbench linkend ctl link wire))
$(eval $(call unit,test_desk,tests/unit/control/desk/test_desk.c tests/unit/control/desk/deskproc.c,\
	gatebench clerkbench deskbench gate clerk desk linkend peers conf ctl kex pk rng link wire,$(PK_LD)))
