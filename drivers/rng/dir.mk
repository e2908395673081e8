$(eval $(call lib,rng,drivers/rng/system.c drivers/rng/fixed.c))
