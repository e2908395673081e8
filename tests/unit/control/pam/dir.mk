COMMA := ,
# A PAM module that does what its arguments say, for this test and tests/interop/password.sh.
PAM_ACTOR := $(BIN)/tests/pam_actor.so
$(PAM_ACTOR): tests/lib/pam_actor.c Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -O2 -fPIC -D_GNU_SOURCE $(WARN) -shared -o $@ $< -lpam

$(eval $(call unit,test_pam,tests/unit/control/pam/test_pam.c,pam pamwrap conf ctl confine link wire,-lpam \
	-Wl$(COMMA)--wrap=pam_start -lseccomp))
$(BIN)/tests/test_pam: | $(PAM_ACTOR)
