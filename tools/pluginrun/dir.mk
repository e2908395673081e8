# one plugin and one channel, on stdin and stdout
$(eval $(call lib,linkdouble,tools/pluginrun/double.c))
$(eval $(call prog,postern-plugin-run,tools/pluginrun/main.c tools/pluginrun/facts.c tools/pluginrun/channel.c \
	tools/pluginrun/leader.c,linkdouble host linkend ctl confine link wire,-lseccomp -ldl))
