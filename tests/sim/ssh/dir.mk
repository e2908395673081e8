$(eval $(call unit,sim_ssh,tests/sim/ssh/sim_ssh.c tests/unit/dataplane/ssh/duo.c tests/unit/dataplane/ssh/toy.c,\
	ssh mem wire))
