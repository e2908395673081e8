HOST_TEST_LIBS := host ctl confine link wire
$(eval $(call lib,hostbench,tests/unit/control/host/hostbench.c))
$(eval $(call unit,test_host_chan,tests/unit/control/host/test_chan.c,hostbench $(HOST_TEST_LIBS),-lseccomp -ldl))
