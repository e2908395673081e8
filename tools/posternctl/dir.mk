$(eval $(call prog,posternctl,$(addprefix tools/posternctl/,main.c ask.c tables.c),json wire,-ljansson))
