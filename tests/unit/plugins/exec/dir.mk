# The parts of the plugin that need no host.
EXEC_PARTS := tests/unit/plugins/exec/test_modes.c plugins/exec/modes.c plugins/exec/signals.c
$(call flags,$(EXEC_PARTS),-Iabi)
$(eval $(call unit,test_exec_modes,$(EXEC_PARTS)))
