$(eval $(call lib,client,$(addprefix control/client/,caller.c exchange.c login.c channels.c userauth.c knownhosts.c hostmatch.c)))
