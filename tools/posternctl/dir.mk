$(eval $(call prog,posternctl,$(addprefix tools/posternctl/,main.c ask.c text.c tables.c tables_conn.c tables_meter.c),json wire,-ljansson))
