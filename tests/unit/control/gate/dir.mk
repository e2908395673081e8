GATE_TEST_LIBS := gatebench deskbench gate desk linkend peers conf ctl kex pk rng link wire confine
$(eval $(call lib,gatebench,tests/unit/control/gate/gatebench.c))
$(eval $(call unit,test_gate_kill,tests/unit/control/gate/test_gate_kill.c,$(GATE_TEST_LIBS),$(PK_LD) -lseccomp))
$(eval $(call unit,test_gate_rules,tests/unit/control/gate/test_gate_rules.c,$(GATE_TEST_LIBS),$(PK_LD) -lseccomp))
$(eval $(call unit,test_gate_auth,tests/unit/control/gate/test_gate_auth.c,$(GATE_TEST_LIBS),$(PK_LD) -lseccomp))
$(eval $(call unit,test_gate_dialogue,tests/unit/control/gate/test_gate_dialogue.c,$(GATE_TEST_LIBS),$(PK_LD) -lseccomp))
