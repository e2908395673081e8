DRIVER_UNIT := tests/unit/drivers

$(eval $(call unit,test_cipher_vectors,$(DRIVER_UNIT)/cipher/test_vectors.c,vector cipher,-lnettle))
$(eval $(call unit,test_cipher,$(DRIVER_UNIT)/cipher/test_engines.c,\
	cipher cipher_ipsecmb cipher_openssl rng,$(CIPHER_IPSECMB_LD) $(CIPHER_OPENSSL_LD)))
$(eval $(call unit,test_cipher_records,$(DRIVER_UNIT)/cipher/test_records.c,\
	vector cipher cipher_ipsecmb cipher_openssl,$(CIPHER_IPSECMB_LD) $(CIPHER_OPENSSL_LD)))
$(eval $(call unit,test_cipher_alone,$(DRIVER_UNIT)/cipher/test_alone.c,cipher))
$(eval $(call unit,test_pk,$(DRIVER_UNIT)/pk/test_pk.c,vector pk,$(PK_LD)))
$(eval $(call unit,test_pk_agree,$(DRIVER_UNIT)/pk/test_agree.c,vector pk,$(PK_LD)))
$(eval $(call unit,test_pk_kem,$(DRIVER_UNIT)/pk/test_kem.c,pk cipher,$(PK_LD)))
$(eval $(call unit,test_mlkem,$(DRIVER_UNIT)/pk/test_mlkem.c,pk vector,$(PK_LD)))
$(eval $(call unit,test_secret_time,$(DRIVER_UNIT)/pk/test_secret_time.c,pk cipher,$(PK_LD)))
$(eval $(call unit,test_rng,$(DRIVER_UNIT)/rng/test_rng.c,rng))
$(eval $(call unit,test_clock,$(DRIVER_UNIT)/clock/test_clock.c,clock))
$(eval $(call unit,test_zlib,$(DRIVER_UNIT)/zip/test_zlib.c,zip,$(ZIP_LD)))
