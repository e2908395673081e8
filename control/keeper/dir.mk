$(eval $(call lib,keeper,control/keeper/main.c control/keeper/keeper.c control/keeper/hostkey.c control/keeper/hostkey_load.c control/keeper/work.c control/keeper/agentlink.c \
	control/keeper/keyfile.c control/keeper/pubfile.c))
