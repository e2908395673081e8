$(eval $(call fuzz,conf,tests/fuzz/conf/conf.c,conf))
