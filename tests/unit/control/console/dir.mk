$(eval $(call unit,console,tests/unit/control/console/test_console.c,console peers conf json ctl confine link wire,-lseccomp -ljansson))
$(eval $(call unit,console_lograte,tests/unit/control/console/test_lograte.c,console))
$(eval $(call unit,console_lists,tests/unit/control/console/test_lists.c,console peers conf json ctl confine link wire,-lseccomp -ljansson))
$(eval $(call unit,console_capture,tests/unit/control/console/test_capture.c,console peers conf json ctl confine link wire,-lseccomp -ljansson))
