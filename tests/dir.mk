include $(wildcard tests/*/dir.mk tests/*/*/dir.mk tests/*/*/*/dir.mk)
