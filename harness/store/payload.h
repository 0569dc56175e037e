/* SPDX-License-Identifier: MIT */
/*
 * payload: samples and histograms as bytes, and back. Little-endian on every machine:
 *   samples:   n float64, n flag bytes, one uint32 per launch (one past its last sample)
 *   histogram: n uint32 bucket numbers, n uint64 counts
 * Above 1 KiB the bytes are zstd-compressed. The CRC-32 covers n, launches and the stored bytes.
 */
#ifndef ASSAY_STORE_PAYLOAD_H
#define ASSAY_STORE_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/base/err.h"
#include "harness/result.h"
#include "harness/store/arena.h"

enum { STORE_COMPRESS_ABOVE_BYTES = 1024 };

/* Compressor and buffers, kept from one result to the next. Zero-initialise. */
struct store_codec {
	void *compressor; /* ZSTD_CCtx */
	uint8_t *plain, *packed;
	size_t plain_capacity, packed_capacity;
};
void store_codec_done(struct store_codec *codec);

struct store_payload {
	bool zstd;
	uint64_t n, launches;
	uint32_t crc;
	const uint8_t *data; /* encoded: valid until the codec's next use */
	size_t size;
};

enum assay_code store_encode_samples(struct store_codec *codec, const struct assay_samples *samples,
				     struct store_payload *ret, struct assay_err *err);
enum assay_code store_encode_histogram(struct store_codec *codec,
				       const struct assay_histogram_data *histogram,
				       struct store_payload *ret, struct assay_err *err);

/* Does the CRC agree with the stored bytes? */
bool store_payload_intact(const struct store_payload *payload);

/* Decode bytes that may come from anywhere; arrays live in the arena. ASSAY_EPARSE says what is wrong. */
enum assay_code store_decode_samples(const struct store_payload *payload, struct store_arena *arena,
				     struct assay_samples *ret, struct assay_err *err);
enum assay_code store_decode_histogram(const struct store_payload *payload,
				       struct store_arena *arena, struct assay_histogram_data *ret,
				       struct assay_err *err);

#endif
