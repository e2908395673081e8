# An engine on a library is a lib of its own: link it, with its flags, where it
# is wanted. select.c refers to them weakly, which takes nothing out of an
# archive; -u of another symbol of the same file does, and has no effect in
# programs without that archive.
CIPHER_IPSECMB_LD := -lIPSec_MB
CIPHER_OPENSSL_LD := $(shell pkg-config --libs libcrypto)

$(eval $(call lib,cipher,drivers/cipher/select.c drivers/cipher/ref.c))
$(eval $(call lib,cipher_ipsecmb,drivers/cipher/ipsecmb.c))
$(eval $(call lib,cipher_openssl,drivers/cipher/openssl.c))
$(eval $(call flags,drivers/cipher/openssl.c,$(shell pkg-config --cflags libcrypto)))
LDFLAGS_ALL += -Wl,-u,cipher_wanted_ipsecmb -Wl,-u,cipher_wanted_openssl
