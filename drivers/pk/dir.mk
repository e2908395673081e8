PK_LD := $(shell pkg-config --libs libcrypto)
PK_SRC := $(addprefix drivers/pk/,openssl.c openssl_x25519.c openssl_ecdh.c openssl_dh.c openssl_mlkem.c openssl_ed25519.c openssl_ecdsa.c \
	openssl_rsa.c openssl_key.c)
KEM_SRC := $(addprefix drivers/pk/kem/,kem.c keccak.c mlkem.c mlkem_poly.c sntrup.c sntrup_poly.c sntrup_code.c)

$(eval $(call lib,pk,$(PK_SRC) $(KEM_SRC)))
$(foreach f,$(PK_SRC),$(eval $(call flags,$(f),$(shell pkg-config --cflags libcrypto))))
# their loops over coefficients are made for wide registers
$(eval $(call flags,drivers/pk/kem/sntrup_poly.c drivers/pk/kem/mlkem_poly.c drivers/pk/kem/keccak.c,-O3))
