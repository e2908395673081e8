$(eval $(call fuzz,note,tests/fuzz/note/note.c,link wire))
