$(eval $(call fuzz,userauth,tests/fuzz/control/userauth.c tests/unit/control/gate/gatebench.c \
	tests/unit/control/desk/bench.c,gate desk kex pk rng link linkend wire,$(PK_LD)))
$(eval $(call fuzz,chanopen,tests/fuzz/control/chanopen.c tests/unit/control/clerk/clerkbench.c \
	tests/unit/control/desk/bench.c,clerk desk kex pk rng link linkend wire,$(PK_LD)))
$(eval $(call fuzz,linkup,tests/fuzz/control/linkup.c,gate clerk desk kex pk rng link linkend wire,$(PK_LD)))
