include drivers/nic/dir.mk drivers/cipher/dir.mk drivers/pk/dir.mk drivers/clock/dir.mk drivers/rng/dir.mk
include drivers/confine/dir.mk drivers/zip/dir.mk
