$(eval $(call lib,mem,dataplane/mem/pool.c dataplane/mem/fifo.c dataplane/mem/vec.c))
include dataplane/net/dir.mk dataplane/tcp/dir.mk dataplane/ssh/dir.mk dataplane/worker/dir.mk
