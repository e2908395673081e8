PK_LD := $(shell pkg-config --libs libcrypto)
PK_SRC := $(addprefix drivers/pk/,openssl.c openssl_x25519.c openssl_ecdh.c openssl_ed25519.c openssl_ecdsa.c \
	openssl_rsa.c openssl_key.c)

$(eval $(call lib,pk,$(PK_SRC)))
$(foreach f,$(PK_SRC),$(eval $(call flags,$(f),$(shell pkg-config --cflags libcrypto))))
