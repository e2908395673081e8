$(eval $(call fuzz,authkeys,tests/fuzz/authkeys/authkeys.c,warden kex))
