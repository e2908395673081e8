ZIP_LD := -lz

$(eval $(call lib,zip,drivers/zip/zlib.c))
