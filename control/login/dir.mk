# a login's leader
$(eval $(call lib,login,control/login/main.c control/login/session.c control/login/hosts.c control/login/program.c \
	control/login/child.c control/login/rc.c control/login/environ.c control/login/terminal.c control/login/record.c))
