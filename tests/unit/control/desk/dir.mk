$(eval $(call lib,deskbench,$(addprefix tests/unit/control/desk/,bench.c bench_step.c bench_client.c workend.c)))
$(eval $(call unit,test_linkend,tests/unit/control/desk/test_linkend.c,deskbench linkend ctl link wire))
$(eval $(call unit,test_desk,tests/unit/control/desk/test_desk.c tests/unit/control/desk/deskproc.c,\
	gatebench clerkbench deskbench gate clerk desk linkend peers conf ctl kex pk rng link wire,$(PK_LD)))
$(eval $(call unit,test_cost,tests/unit/control/desk/test_cost.c,desk kex pk,$(PK_LD)))
