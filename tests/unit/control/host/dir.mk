HOST_TEST_LIBS := host linkend ctl confine link wire
$(eval $(call lib,hostbench,tests/unit/control/host/hostbench.c))
$(eval $(call unit,test_host_chan,tests/unit/control/host/test_chan.c,hostbench $(HOST_TEST_LIBS),-lseccomp -ldl))
$(eval $(call unit,test_host_faults,tests/unit/control/host/test_faults.c,hostbench $(HOST_TEST_LIBS),-lseccomp -ldl))
$(eval $(call unit,test_host_face,tests/unit/control/host/test_face.c,hostbench $(HOST_TEST_LIBS),-lseccomp -ldl))
$(eval $(call unit,test_host_task,tests/unit/control/host/test_task.c,hostbench $(HOST_TEST_LIBS),-lseccomp -ldl))
$(eval $(call unit,test_host_queues,tests/unit/control/host/test_queues.c,host))
$(eval $(call unit,test_host_load,tests/unit/control/host/test_load.c,$(HOST_TEST_LIBS),-lseccomp -ldl))
$(BIN)/tests/test_host_load: | $(PLUGIN_OUT) $(GUESTS)
