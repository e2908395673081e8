$(eval $(call lib,kex,$(addprefix control/kex/,namelist.c kexinit.c negotiate.c agree.c shared.c group.c moduli.c method.c pool.c \
	derive.c secret.c extinfo.c keyslot.c sign.c cert.c base64.c agent.c quirks.c)))
# without calculations: for the supervisor by itself
$(eval $(call lib,moduli,control/kex/moduli.c control/kex/group.c))
