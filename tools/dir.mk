include tools/client/dir.mk tools/pluginrun/dir.mk tools/posternctl/dir.mk
