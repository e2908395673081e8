GATE_STEP := $(addprefix control/gate/,gate_step.c gate_auth.c gate_dialogue.c gate_hostkeys.c gate_log.c)
$(eval $(call lib,gate,control/gate/gate.c $(GATE_STEP)))
$(eval $(call lib,gatestep,$(GATE_STEP)))
