$(eval $(call fuzz,hostup,tests/fuzz/host/hostup.c,hostbench host linkend ctl confine link wire,-lseccomp -ldl))
$(eval $(call fuzz,faces,tests/fuzz/host/faces.c,hostbench host linkend ctl confine link wire,-lseccomp -ldl -lpthread))
