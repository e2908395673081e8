# An engine on a library is a lib of its own: link it, with its flags, where it
# is wanted. select.c refers to them weakly, which takes nothing out of an
# archive; -u of another symbol of the same file does, and has no effect in
# programs without that archive.
CIPHER_IPSECMB_LD := -lIPSec_MB -lnettle
CIPHER_OPENSSL_LD := $(shell pkg-config --libs libcrypto) -lnettle

$(eval $(call lib,cipher,$(addprefix drivers/cipher/,select.c answers.c ref.c ref_aes.c ref_sha.c ref_umac.c ref_chacha.c umac.c)))
$(eval $(call lib,cipher_ipsecmb,$(addprefix drivers/cipher/,ipsecmb.c ipsecmb_gcm.c ipsecmb_ctr.c \
	ipsecmb_chacha.c chacha_block.c)))
CIPHER_OPENSSL := $(addprefix drivers/cipher/,openssl.c openssl_gcm.c openssl_ctr.c openssl_chacha.c)
$(eval $(call lib,cipher_openssl,$(CIPHER_OPENSSL)))
$(eval $(call flags,$(CIPHER_OPENSSL),$(shell pkg-config --cflags libcrypto)))
LDFLAGS_ALL += -Wl,-u,cipher_wanted_ipsecmb -Wl,-u,cipher_wanted_openssl
