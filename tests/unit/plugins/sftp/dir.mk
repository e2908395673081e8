SFTP_UNIT := tests/unit/plugins/sftp
# The plugin without what makes it one.
$(eval $(call lib,sftp,$(filter-out plugins/sftp/sftp.c,$(plugin_files_sftp))))
$(eval $(call lib,sftpbench,$(SFTP_UNIT)/sftpbench.c))
$(eval $(call unit,test_sftp_requests,$(SFTP_UNIT)/test_requests.c,sftpbench sftp))
$(eval $(call unit,test_sftp_stream,$(SFTP_UNIT)/test_stream.c tests/lib/memfiles.c,sftpbench sftp))
$(eval $(call unit,test_sftp_order,$(SFTP_UNIT)/test_order.c tests/lib/memfiles.c,sftpbench sftp,-lpthread))
$(eval $(call unit,test_sftp_root,$(SFTP_UNIT)/test_root.c,sftpbench sftp,-lpthread))
$(eval $(call unit,test_sftp_parts,$(SFTP_UNIT)/test_parts.c,sftp conf ctl confine link wire,-lseccomp))
