$(eval $(call lib,vector,tests/vector/vector.c))
