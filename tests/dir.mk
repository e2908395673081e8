# First what the others link with.
include tests/lib/dir.mk
include $(filter-out tests/lib/dir.mk,$(wildcard tests/*/dir.mk tests/*/*/dir.mk tests/*/*/*/dir.mk))
