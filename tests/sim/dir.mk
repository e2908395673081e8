$(eval $(call unit,tcp_sim,tests/sim/tcp_sim.c tests/sim/wire.c,tcp mem wire))
