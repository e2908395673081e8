$(eval $(call fuzz,userauth,tests/fuzz/control/userauth.c tests/unit/control/gate/gatebench.c \
	$(addprefix tests/unit/control/desk/,bench.c bench_step.c bench_client.c),gatestep turns kex pk rng link wire,$(PK_LD)))
$(eval $(call fuzz,chanopen,tests/fuzz/control/chanopen.c tests/unit/control/clerk/clerkbench.c \
	$(addprefix tests/unit/control/desk/,bench.c bench_step.c bench_client.c),clerkstep turns kex pk rng link wire,$(PK_LD)))
$(eval $(call fuzz,linkup,tests/fuzz/control/linkup.c,gatestep clerkstep turns kex pk rng link wire,$(PK_LD)))
