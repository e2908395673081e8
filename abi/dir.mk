$(eval $(call lib,wire,abi/wire/reason.c))
$(eval $(call lib,link,abi/link/op.c abi/link/memfile.c abi/link/region.c abi/link/ring.c abi/link/bell.c \
	abi/link/slot.c abi/link/meter.c abi/link/note.c abi/link/grant.c abi/link/packet.c abi/link/rows.c abi/link/filter.c abi/link/capture.c))
