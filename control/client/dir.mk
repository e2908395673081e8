$(eval $(call lib,client,$(addprefix control/client/,caller.c exchange.c login.c channels.c opens.c hostupdate.c userauth.c knownhosts.c hostmatch.c)))
