$(eval $(call lib,clock,drivers/clock/tsc.c))
