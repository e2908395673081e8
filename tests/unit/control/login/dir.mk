# The tests serve the roles login and host themselves, as posternd does.
LOGIN_TEST_LIBS := loginbench login host linkend peers ctl pamwrap conf confine link wire
$(eval $(call lib,loginbench,tests/unit/control/login/loginbench.c))
$(eval $(call unit,test_login,tests/unit/control/login/test_login.c \
	tests/unit/control/login/play.c,$(LOGIN_TEST_LIBS),-lpam -lseccomp -ldl))
$(eval $(call unit,test_leader,tests/unit/control/login/test_leader.c \
	tests/unit/control/login/play.c,$(LOGIN_TEST_LIBS),-lpam -lseccomp -ldl))
$(eval $(call unit,test_service,tests/unit/control/login/test_service.c,$(LOGIN_TEST_LIBS),-lpam -lseccomp -ldl))
$(eval $(call unit,test_greedy,tests/unit/control/login/test_greedy.c,$(LOGIN_TEST_LIBS),-lpam -lseccomp -ldl))
$(BIN)/tests/test_login $(BIN)/tests/test_leader $(BIN)/tests/test_service $(BIN)/tests/test_greedy: | $(PLUGIN_OUT)
