/* SPDX-License-Identifier: MIT */
/*
 * packed_pool: more memory than there is: blocks of which a share is kept plain and the rest compressed. A block that
 * is asked for and is not plain takes the place of one that was not used lately [CLOCK: Corbato, "A paging
 * experiment with the Multics system", 1968; compressed memory as in Linux' zram and zswap].
 */
#ifndef ASSAY_SUITES_MEMORY_PACKED_POOL_H
#define ASSAY_SUITES_MEMORY_PACKED_POOL_H

#include "suites/memory/memory.h"

struct zpool;

/*
 * `n_blocks` blocks of `block_bytes`, all zero, of which `n_plain` are plain at a time. One thread at a time.
 * ASSAY_ENOMEM; ASSAY_EUSAGE when one of the numbers is 0 or n_plain more than n_blocks. `codec` is borrowed.
 */
enum assay_code zpool_new(const struct codec *codec, size_t block_bytes, size_t n_blocks,
			  size_t n_plain, struct zpool **ret, struct assay_err *err);
void zpool_free(struct zpool *pool);

/*
 * The plain bytes of block `index`, to be read and written; valid until the next call. NULL when there is no
 * memory for what has to make room, or when what was compressed does not expand: then nothing has changed.
 */
void *zpool_get(struct zpool *pool, size_t index);

/* Bytes held for all blocks, tables included. */
size_t zpool_bytes(const struct zpool *pool);
/* Gets that had to expand a block so far. */
uint64_t zpool_faults(const struct zpool *pool);
/* Compress plain blocks that were not used since the last call; how many. They become plain when asked for. */
size_t zpool_trim(struct zpool *pool);

#endif
