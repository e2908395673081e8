
include tools/posternctl/dir.mk
