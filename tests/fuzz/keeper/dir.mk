$(eval $(call fuzz,keeper,tests/fuzz/keeper/keeper.c,keeper peers))
