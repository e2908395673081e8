/*
 * What the files on IPsec-MB share. A manager is one thread's: jobs stand in its
 * queue, so each thread makes its own, with a buffer for MACs beside it.
 */
#ifndef POSTERN_DRIVERS_CIPHER_IPSECMB_H
#define POSTERN_DRIVERS_CIPHER_IPSECMB_H

#include <intel-ipsec-mb.h>

#include "drivers/cipher/engine.h"

#define MB_STAGE_HEAD 192u /* a padded key and the sequence number, with room to align */
#define MB_STAGE (MB_STAGE_HEAD + 4u + CIPHER_LEN_MAX)

struct mb_thread {
	IMB_MGR *manager; /* the widest that the CPU has */
	IMB_MGR *hasher;  /* for single HMAC-SHA-256 jobs: the wide one computes as many
	                     lanes for one job as for sixteen, this one uses SHA-NI */
	struct gcm_context_data *work; /* of one record */
	uint8_t *stage;   /* MB_STAGE bytes */
};

extern _Thread_local struct mb_thread mb;

/* mb_submit(manager, job): run one job to its end. 0 or -1. */
int mb_submit(IMB_MGR *manager, IMB_JOB *job);

extern const struct cipher_engine mb_gcm_rows[2], mb_chacha_rows[1], mb_ctr_rows[12], mb_umac_rows[12];

#endif
