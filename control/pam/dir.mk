$(eval $(call lib,pam,control/pam/main.c control/pam/dialogue.c))
