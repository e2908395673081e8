include tools/client/dir.mk tools/posternctl/dir.mk
