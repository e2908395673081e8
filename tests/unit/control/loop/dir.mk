$(eval $(call unit,loop,tests/unit/control/loop/test_loop.c,ctl,))
