$(eval $(call unit,console,tests/unit/control/console/test_console.c,console peers conf json ctl confine link wire,-lseccomp -ljansson))
