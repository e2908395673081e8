# shared by the roles
$(eval $(call lib,pamwrap,control/pamwrap.c))
# The names of ports are checked by the table that the dataplane reads them with.
$(eval $(call lib,conf,drivers/nic/device.c control/conf.c control/conf_table.c control/conf_nearest.c \
	control/conf_parse.c control/conf_value.c control/conf_special.c control/conf_algorithms.c control/conf_sftp.c control/conf_vrrp.c control/conf_qos.c control/conf_startups.c control/conf_permit.c \
	control/conf_dump.c))
$(eval $(call lib,ctl,control/msg.c control/loop.c control/log.c control/role.c control/plugconf.c control/serves.c \
	control/counters.c control/sandbox.c control/spawn.c))
$(eval $(call lib,peers,control/peers.c control/confmsg.c control/connmap.c))
$(eval $(call lib,linkend,control/linkend.c control/step.c))
$(eval $(call lib,desk,control/desk.c control/desk_conn.c control/desk_link.c control/conhash.c \
	control/conobj.c control/turn.c control/locked.c control/exchange.c control/exchange_group.c control/exchange_cost.c control/cost.c))
$(eval $(call lib,step,control/step.c))
# what of it is pure: for fuzzing gate and clerk without their processes
$(eval $(call lib,turns,control/step.c control/conobj.c control/turn.c control/locked.c control/exchange.c control/exchange_group.c control/exchange_cost.c control/cost.c))
$(eval $(call lib,json,control/json.c))
