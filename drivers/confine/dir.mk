$(eval $(call lib,confine,drivers/confine/confine.c drivers/confine/caps.c))
