$(eval $(call unit,test_forward_rules,tests/unit/plugins/forward/test_rules.c plugins/forward/rules.c))
