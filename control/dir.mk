include control/kex/dir.mk control/common.mk control/supervisor/dir.mk control/keeper/dir.mk \
	control/warden/dir.mk control/reader/dir.mk control/pam/dir.mk control/gate/dir.mk control/clerk/dir.mk \
	control/login/dir.mk control/host/dir.mk control/console/dir.mk
