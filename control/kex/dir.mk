$(eval $(call lib,kex,$(addprefix control/kex/,namelist.c kexinit.c negotiate.c curve25519.c \
	derive.c secret.c extinfo.c keyblob.c)))
