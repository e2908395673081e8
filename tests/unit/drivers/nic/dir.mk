$(eval $(call unit,test_nic,tests/unit/drivers/nic/test_nic.c,nic))
