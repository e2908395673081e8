$(eval $(call unit,sim_ssh,tests/sim/ssh/sim_ssh.c \
	$(addprefix tests/unit/dataplane/ssh/,duo.c duo_ops.c toy.c),ssh mem wire))
