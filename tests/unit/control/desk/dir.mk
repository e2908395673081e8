$(eval $(call lib,deskbench,tests/unit/control/desk/bench.c))
