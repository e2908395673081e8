$(eval $(call fuzz,sftp,tests/fuzz/sftp/sftp.c tests/lib/memfiles.c,sftp))
