$(eval $(call unit,sim_ssh,tests/sim/ssh/sim_ssh.c \
	$(addprefix tests/unit/dataplane/ssh/,duo.c duo_ops.c toy.c),ssh mem wire))
# Client's engine, gate and clerk, joined by bytes.
$(eval $(call unit,sim_joined,$(addprefix tests/sim/ssh/,sim_joined.c joined.c joined_app.c joined_wire.c srvend.c),\
	$(CALLEND_LIBS) zip gatestep clerkstep turns warden keeper,$(CALLEND_LD) $(ZIP_LD)))
