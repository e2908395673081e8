$(eval $(call unit,test_nic,tests/unit/drivers/nic/test_nic.c,nic))
$(eval $(call unit,test_wire,tests/unit/drivers/nic/test_wire.c,nic))
$(eval $(call unit,test_nic_device,tests/unit/drivers/nic/test_device.c,nic))
$(eval $(call unit,test_nic_ports,tests/unit/drivers/nic/test_ports.c,nic nic_dpdk,$$(DPDK_LIBS)))
