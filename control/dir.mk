include control/kex/dir.mk control/client/dir.mk control/common.mk control/supervisor/dir.mk control/keeper/dir.mk \
	control/warden/dir.mk control/reader/dir.mk control/pam/dir.mk control/gate/dir.mk control/clerk/dir.mk \
	control/login/dir.mk control/host/dir.mk control/console/dir.mk

$(eval $(call prog,posternd,control/posternd.c,supervisor console gate clerk keeper warden reader pam login host desk \
	linkend peers kex conf pamwrap json ctl pk rng clock confine link wire,$(PK_LD) -lseccomp -ljansson -lpam -lcrypt \
	-ldl -lutil))
