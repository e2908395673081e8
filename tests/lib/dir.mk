# With it goes: client keeper kex pk rng ssh mem cipher cipher_openssl zip wire, and its flags.
TESTCLIENT_LIBS := testclient client keeper kex pk rng ssh mem cipher cipher_openssl zip wire
TESTCLIENT_LD = $(CIPHER_OPENSSL_LD) $(PK_LD) $(ZIP_LD)

$(eval $(call lib,testclient,$(addprefix tests/lib/,client_net.c client_record.c client_kex.c client_auth.c \
	client_key.c client_chan.c client_zip.c)))
$(eval $(call prog,tests/script-client,$(addprefix tests/interop/,script_client.c script_login.c script_channel.c script_wire.c),\
	$(TESTCLIENT_LIBS),$(TESTCLIENT_LD)))
