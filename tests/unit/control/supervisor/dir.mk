$(eval $(call unit,supervisor,tests/unit/control/supervisor/test_supervisor.c tests/unit/control/supervisor/puppet.c,\
	supervisor conf json ctl confine link wire,-lseccomp -ljansson))
$(eval $(call unit,supervisor_parts,tests/unit/control/supervisor/test_parts.c,\
	supervisor conf json ctl confine link wire,-lseccomp -ljansson))
$(eval $(call unit,supervisor_apart,tests/unit/control/supervisor/test_apart.c,\
	supervisor conf json ctl confine link wire,-lseccomp -ljansson))
$(eval $(call unit,supervisor_dialogues,tests/unit/control/supervisor/test_dialogues.c \
	tests/unit/control/supervisor/puppet.c,supervisor conf json ctl confine link wire,-lseccomp -ljansson))
