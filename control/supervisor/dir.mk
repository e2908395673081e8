$(eval $(call lib,supervisor,$(addprefix control/supervisor/,supervisor.c proc.c line.c dispatch.c children.c \
	conns.c hashes.c grants.c pams.c dialogues.c links.c hosts.c hosts_run.c hosts_end.c plugs.c backoff.c \
	beat.c beats.c renew.c leaders.c attach.c attach_conf.c \
	attach_read.c plugin.c served.c reload.c moduli.c counts.c status.c lists.c captures.c actions.c agent.c apart.c)))
