$(eval $(call unit,test_authkeys,tests/unit/control/warden/test_authkeys.c,warden kex))
$(eval $(call unit,test_warden,tests/unit/control/warden/test_warden.c,warden peers conf kex pk ctl link wire,$(PK_LD)))
$(eval $(call unit,test_warden_dialogue,tests/unit/control/warden/test_dialogue.c,warden peers conf kex pk ctl link wire,\
	$(PK_LD)))
$(eval $(call unit,test_proof,tests/unit/control/warden/test_proof.c,warden kex pk,$(PK_LD)))
