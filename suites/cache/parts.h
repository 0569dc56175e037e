/* SPDX-License-Identifier: MIT */
/* parts: small interfaces of what caches are made of: checksums, codecs, expiry; and their oracles. */
#ifndef ASSAY_SUITES_CACHE_PARTS_H
#define ASSAY_SUITES_CACHE_PARTS_H

#include "harness/bench.h"

#define CHECKSUM_INTERFACE "cache_checksum"
struct checksum_ops {
	uint64_t (*sum)(const void *bytes, size_t n);
};
/* Equal bytes have equal sums wherever they lie; 2,000 single flipped bits are all found. */
enum assay_code checksum_check(const struct checksum_ops *ops, uint64_t seed,
			       struct assay_err *err);

#define CODEC_INTERFACE "cache_codec"
/* Any thread. `capacity` of at least bound(n) is always enough. */
struct codec_ops {
	size_t (*bound)(size_t n);
	/* Bytes written to to[capacity]; 0 when it failed. */
	size_t (*compress)(const void *from, size_t n, void *to, size_t capacity);
	/* Exactly n bytes to to[n]; false when from[n_from] is not what compress made of such. */
	bool (*decompress)(const void *from, size_t n_from, void *to, size_t n);
};
/* All kinds of data and lengths come back as they were; what was cut short is refused. */
enum assay_code codec_check(const struct codec_ops *ops, uint64_t seed, struct assay_err *err);

enum codec_data { CODEC_TEXT, CODEC_FLOATS, CODEC_RANDOM, CODEC_ZEROS, CODEC_DATA_COUNT };
#define CODEC_DATA_NAMES "text,floats,random,zeros"
/* Made data of a kind: words of a small vocabulary; a smooth series of doubles; noise; nothing. */
void codec_data_fill(enum codec_data kind, uint64_t seed, void *to, size_t n);

#define EXPIRY_INTERFACE "cache_expiry"
struct expiry; /* each subject has its own layout */
/*
 * Entries 0 .. n - 1, each waiting for at most one deadline, in ticks. Time begins at 0 and only grows.
 * Deadlines lie less than EXPIRY_MOST_TICKS ahead.
 */
#define EXPIRY_MOST_TICKS (UINT64_C(1) << 24)
struct expiry_ops {
	struct expiry *(*create)(uint32_t n); /* NULL without memory */
	/* The entry waits for no deadline. */
	void (*add)(struct expiry *expiry, uint32_t entry, uint64_t deadline);
	/* The entry, waiting, no longer does: it was removed or replaced. */
	void (*cancel)(struct expiry *expiry, uint32_t entry);
	/* Time becomes `now`: expired() is called once for each entry whose deadline is now or earlier;
	 * it may add the entry again, for later. */
	void (*advance)(struct expiry *expiry, uint64_t now,
			void (*expired)(void *context, uint32_t entry), void *context);
	void (*destroy)(struct expiry *expiry);
};
enum assay_code expiry_check(const struct expiry_ops *ops, uint64_t seed, struct assay_err *err);

#endif
