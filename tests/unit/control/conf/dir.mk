$(eval $(call unit,test_conf,tests/unit/control/conf/test_conf.c,conf))
CHECK_SCRIPTS += tests/unit/control/conf/manual.sh
CHECK_SCRIPTS += tests/unit/control/conf/posternd.sh
