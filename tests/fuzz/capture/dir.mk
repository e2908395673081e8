$(eval $(call fuzz,capture,tests/fuzz/capture/capture.c,console peers conf json ctl confine net mem link wire,-lseccomp -ljansson))
