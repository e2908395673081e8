WORKER_UNIT := tests/unit/dataplane/worker
RIG := $(WORKER_UNIT)/rig.c $(WORKER_UNIT)/rig_client.c
WORKER_UNIT_LIBS := worker ssh tcp net mem linkend link nic cipher clock rng wire

$(eval $(call unit,test_worker,$(WORKER_UNIT)/test_worker.c $(RIG),$(WORKER_UNIT_LIBS)))
$(eval $(call unit,test_queries,$(WORKER_UNIT)/test_queries.c $(RIG),$(WORKER_UNIT_LIBS)))
$(eval $(call unit,test_worker_shed,$(WORKER_UNIT)/test_shed.c $(RIG),$(WORKER_UNIT_LIBS)))
$(eval $(call unit,test_startups,$(WORKER_UNIT)/test_startups.c $(RIG),$(WORKER_UNIT_LIBS)))
$(eval $(call unit,test_steward,$(WORKER_UNIT)/test_steward.c $(RIG),$(WORKER_UNIT_LIBS)))
$(eval $(call unit,test_worker_hostile,$(WORKER_UNIT)/test_hostile.c $(RIG),$(WORKER_UNIT_LIBS)))
$(eval $(call unit,test_dp_options,$(WORKER_UNIT)/test_options.c dataplane/options.c,nic))
$(eval $(call unit,test_capture,$(WORKER_UNIT)/test_capture.c $(RIG),$(WORKER_UNIT_LIBS)))
$(eval $(call unit,test_crew,$(WORKER_UNIT)/test_crew.c $(RIG),$(WORKER_UNIT_LIBS)))
