$(eval $(call unit,confine,tests/unit/drivers/confine/test_confine.c,confine,-lseccomp -lpthread))
