# No pk and no cipher: stub.c has what they would be asked for.
SESSION_FUZZ := $(addprefix tests/fuzz/session/,session.c stub.c) tests/sim/ssh/srvend.c
SESSION_LIBS := gatestep clerkstep turns warden keeper callend step kex rng ssh mem link wire zip

$(eval $(call fuzz,session,$(SESSION_FUZZ),$(SESSION_LIBS),$(ZIP_LD)))
$(eval $(call unit,test_session_reached,$(SESSION_FUZZ) tests/fuzz/session/reached.c,$(SESSION_LIBS),$(ZIP_LD)))

CALL_FUZZ := $(addprefix tests/fuzz/session/,call.c stub.c)
CALL_LIBS := callend client step kex rng ssh mem link wire zip

$(eval $(call fuzz,call,$(CALL_FUZZ),$(CALL_LIBS),$(ZIP_LD)))
$(eval $(call unit,test_call_reached,$(CALL_FUZZ) tests/fuzz/session/reached.c,$(CALL_LIBS),$(ZIP_LD)))
