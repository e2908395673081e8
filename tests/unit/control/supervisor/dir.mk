SUPERVISOR_TEST_LIBS := supervisor moduli conf json ctl confine link wire
SUPERVISOR_CAST := $(addprefix tests/unit/control/supervisor/,cast.c puppet.c)
$(eval $(call unit,supervisor,tests/unit/control/supervisor/test_supervisor.c $(SUPERVISOR_CAST),\
	$(SUPERVISOR_TEST_LIBS),-lseccomp -ljansson))
$(eval $(call unit,supervisor_hosts,tests/unit/control/supervisor/test_hosts.c $(SUPERVISOR_CAST),\
	$(SUPERVISOR_TEST_LIBS),-lseccomp -ljansson))
$(eval $(call unit,supervisor_counts,tests/unit/control/supervisor/test_counts.c $(SUPERVISOR_CAST),\
	$(SUPERVISOR_TEST_LIBS),-lseccomp -ljansson))
$(eval $(call unit,supervisor_operator,tests/unit/control/supervisor/test_operator.c $(SUPERVISOR_CAST),\
	$(SUPERVISOR_TEST_LIBS),-lseccomp -ljansson))
$(eval $(call unit,supervisor_parts,tests/unit/control/supervisor/test_parts.c,\
	$(SUPERVISOR_TEST_LIBS),-lseccomp -ljansson))
$(eval $(call unit,supervisor_apart,tests/unit/control/supervisor/test_apart.c,\
	$(SUPERVISOR_TEST_LIBS),-lseccomp -ljansson))
$(eval $(call unit,supervisor_dialogues,tests/unit/control/supervisor/test_dialogues.c \
	tests/unit/control/supervisor/puppet.c,$(SUPERVISOR_TEST_LIBS),-lseccomp -ljansson))
$(eval $(call unit,supervisor_watch,tests/unit/control/supervisor/test_watch.c,\
	$(SUPERVISOR_TEST_LIBS),-lseccomp -ljansson))
