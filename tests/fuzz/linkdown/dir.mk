$(eval $(call fuzz,linkdown,tests/fuzz/linkdown/linkdown.c tests/unit/dataplane/worker/rig.c \
	tests/unit/dataplane/worker/rig_client.c control/step.c,\
	worker ssh tcp net mem link nic cipher clock rng wire))
$(eval $(call fuzz,attachdown,tests/fuzz/linkdown/attachdown.c tests/unit/dataplane/worker/rig.c \
	tests/unit/dataplane/worker/rig_client.c control/step.c,\
	worker ssh tcp net mem link nic cipher clock rng wire))
