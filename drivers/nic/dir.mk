$(eval $(call lib,nic,drivers/nic/pair.c drivers/nic/impair.c drivers/nic/impair_parse.c \
	drivers/nic/wire.c drivers/nic/device.c drivers/nic/bond.c))

# DPDK is asked for where it is used; the rest of the build needs none of it.
DPDK_CFLAGS := $(shell pkg-config --cflags libdpdk 2>/dev/null)
DPDK_LIBS := $(shell pkg-config --libs libdpdk 2>/dev/null) -lrte_net_bond
DPDK_FILES := drivers/nic/dpdk.c drivers/nic/dpdk_dev.c drivers/nic/dpdk_eal.c
$(eval $(call lib,nic_dpdk,$(DPDK_FILES) drivers/nic/dpdk_fd.c drivers/nic/iface.c))
$(eval $(call flags,$(DPDK_FILES),$$(DPDK_CFLAGS)))
