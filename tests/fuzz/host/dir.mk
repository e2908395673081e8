$(eval $(call fuzz,hostup,tests/fuzz/host/hostup.c,hostbench host ctl confine link wire,-lseccomp -ldl))
