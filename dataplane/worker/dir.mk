$(eval $(call lib,worker,$(addprefix dataplane/worker/,worker.c crew.c conns.c conn_ops.c deadline.c rx.c tx.c up.c image.c \
	down.c step.c step_items.c hosts.c asks.c queries.c qos.c links.c command.c conf.c list.c list_tcp.c capture.c trace.c cmd.c idle.c meter.c shed.c startups.c \
	steward.c steward_attach.c steward_peers.c steward_capture.c)))

$(eval $(call prog,postern-dp,dataplane/main.c dataplane/options.c dataplane/sandbox.c,\
	worker ssh tcp net mem link wire nic nic_dpdk cipher cipher_ipsecmb cipher_openssl zip clock rng confine,\
	$$(DPDK_LIBS) $$(CIPHER_IPSECMB_LD) $$(CIPHER_OPENSSL_LD) $$(ZIP_LD) -lseccomp))
