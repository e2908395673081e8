$(eval $(call lib,reader,control/reader/main.c control/reader/keyfiles.c control/reader/account.c \
	control/reader/identity.c))
