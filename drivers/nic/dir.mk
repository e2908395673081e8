$(eval $(call lib,nic,drivers/nic/pair.c drivers/nic/impair.c))

# DPDK is asked for where it is used; the rest of the build needs none of it.
DPDK_CFLAGS := $(shell pkg-config --cflags libdpdk 2>/dev/null)
DPDK_LIBS := $(shell pkg-config --libs libdpdk 2>/dev/null)
$(eval $(call lib,nic_dpdk,drivers/nic/dpdk.c drivers/nic/dpdk_eal.c drivers/nic/dpdk_fd.c))
$(eval $(call flags,drivers/nic/dpdk.c drivers/nic/dpdk_eal.c,$$(DPDK_CFLAGS)))
