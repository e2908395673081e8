$(eval $(call lib,keeper,control/keeper/main.c control/keeper/keeper.c control/keeper/hostkey.c \
	control/keeper/keyfile.c))
