$(eval $(call lib,pam,control/pam/main.c))
