# With it goes what it stands on, and flags; who compresses adds zip and $(ZIP_LD).
CALLEND_LIBS := callend client step kex pk rng ssh mem cipher cipher_openssl link wire
CALLEND_LD = $(CIPHER_OPENSSL_LD) $(PK_LD)

$(eval $(call lib,callend,$(addprefix tools/client/,callend.c memconn.c memconn_ops.c memconn_step.c)))
