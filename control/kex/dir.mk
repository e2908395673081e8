$(eval $(call lib,kex,$(addprefix control/kex/,namelist.c kexinit.c negotiate.c agree.c method.c \
	derive.c secret.c extinfo.c sign.c cert.c base64.c)))
