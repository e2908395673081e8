$(eval $(call lib,gate,$(addprefix control/gate/,gate.c gate_step.c gate_auth.c gate_log.c)))
