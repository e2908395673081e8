$(eval $(call lib,console,$(addprefix control/console/,main.c logs.c logline.c lograte.c clients.c requests.c meters.c lists.c lists_tcp.c which.c capture.c capture_leg.c capture_stream.c pcapng.c)))
