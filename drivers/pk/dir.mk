PK_LD := $(shell pkg-config --libs libcrypto)

$(eval $(call lib,pk,drivers/pk/openssl.c))
$(eval $(call flags,drivers/pk/openssl.c,$(shell pkg-config --cflags libcrypto)))
