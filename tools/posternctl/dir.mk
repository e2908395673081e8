$(eval $(call prog,posternctl,$(addprefix tools/posternctl/,main.c ask.c text.c tables.c tables_conn.c tables_meter.c tables_count.c tables_tcp.c capture.c trace.c),json wire,-ljansson))
