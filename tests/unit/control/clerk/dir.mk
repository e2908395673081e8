CLERK_TEST_LIBS := clerkbench deskbench clerk desk linkend peers conf ctl kex pk rng link wire confine
$(eval $(call lib,clerkbench,tests/unit/control/clerk/clerkbench.c))
$(eval $(call unit,test_clerk_kill,tests/unit/control/clerk/test_clerk_kill.c,$(CLERK_TEST_LIBS),$(PK_LD) -lseccomp))
$(eval $(call unit,test_clerk_rules,tests/unit/control/clerk/test_clerk_rules.c,$(CLERK_TEST_LIBS),$(PK_LD) -lseccomp))
