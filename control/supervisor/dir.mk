$(eval $(call lib,supervisor,control/supervisor/line.c control/supervisor/plugin.c))
