/* SPDX-License-Identifier: MIT */
/* payload: what a sample set looks like in the file, guarded by a checksum and by sizes. */
#include "harness/store/payload.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

/* Level 3 packs timings about 8:1 (measured); higher levels cost time for little. */
enum { ZSTD_LEVEL = 3 };
/* A count from a hostile file must not make us allocate without end: 64 Mi samples are 600 MB. */
static const uint64_t most_entries = (uint64_t)1 << 26;

enum { SAMPLE_BYTES = 9, LAUNCH_BYTES = 4, BUCKET_BYTES = 12 };

static uint8_t *put_u32(uint8_t *to, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		*to++ = (uint8_t)(value >> (8 * i));
	return to;
}

static uint8_t *put_u64(uint8_t *to, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		*to++ = (uint8_t)(value >> (8 * i));
	return to;
}

static uint32_t get_u32(const uint8_t *from)
{
	uint32_t value = 0;
	for (int i = 0; i < 4; i++)
		value |= (uint32_t)from[i] << (8 * i);
	return value;
}

static uint64_t get_u64(const uint8_t *from)
{
	return (uint64_t)get_u32(from) | (uint64_t)get_u32(from + 4) << 32;
}

void store_codec_done(struct store_codec *codec)
{
	ZSTD_freeCCtx(codec->compressor);
	free(codec->plain);
	free(codec->packed);
	*codec = (struct store_codec){0};
}

static enum assay_code grow(uint8_t **buffer, size_t *capacity, size_t need, struct assay_err *err)
{
	if (need <= *capacity)
		return ASSAY_OK;
	uint8_t *larger = realloc(*buffer, need);
	if (!larger)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu bytes of samples", need);
	*buffer = larger;
	*capacity = need;
	return ASSAY_OK;
}

static uint32_t checksum(const struct store_payload *payload)
{
	uint8_t head[16];
	put_u64(put_u64(head, payload->n), payload->launches);
	uLong crc = crc32_z(crc32_z(0, Z_NULL, 0), head, sizeof(head));
	return (uint32_t)crc32_z(crc, payload->data, payload->size);
}

bool store_payload_intact(const struct store_payload *payload)
{
	return checksum(payload) == payload->crc;
}

/* Compress codec->plain[size] when that pays, and seal the payload. */
static enum assay_code pack(struct store_codec *codec, size_t size, struct store_payload *ret,
			    struct assay_err *err)
{
	ret->zstd = false;
	ret->data = codec->plain;
	ret->size = size;
	if (size > STORE_COMPRESS_ABOVE_BYTES) {
		if (!codec->compressor && !(codec->compressor = ZSTD_createCCtx()))
			return assay_fail(err, ASSAY_ENOMEM, "no memory for the compressor");
		enum assay_code code = grow(&codec->packed, &codec->packed_capacity,
					    ZSTD_compressBound(size), err);
		if (code != ASSAY_OK)
			return code;
		size_t packed =
			ZSTD_compressCCtx(codec->compressor, codec->packed, codec->packed_capacity,
					  codec->plain, size, ZSTD_LEVEL);
		if (ZSTD_isError(packed))
			return assay_fail(err, ASSAY_EBUG, "zstd: %s", ZSTD_getErrorName(packed));
		if (packed < size) {
			ret->zstd = true;
			ret->data = codec->packed;
			ret->size = packed;
		}
	}
	ret->crc = checksum(ret);
	return ASSAY_OK;
}

enum assay_code store_encode_samples(struct store_codec *codec, const struct assay_samples *samples,
				     struct store_payload *ret, struct assay_err *err)
{
	size_t n = samples->n, launches = samples->launches;
	if (n > most_entries || launches > most_entries)
		return assay_fail(err, ASSAY_ESTORE, "%zu samples are too many for one result", n);
	size_t size = n * SAMPLE_BYTES + launches * LAUNCH_BYTES;
	enum assay_code code = grow(&codec->plain, &codec->plain_capacity, size, err);
	if (code != ASSAY_OK)
		return code;
	uint8_t *to = codec->plain;
	for (size_t i = 0; i < n; i++) {
		uint64_t bits;
		memcpy(&bits, &samples->values[i], sizeof(bits));
		to = put_u64(to, bits);
	}
	for (size_t i = 0; i < n; i++)
		*to++ = samples->flags ? samples->flags[i] : 0;
	for (size_t i = 0; i < launches; i++)
		to = put_u32(to, samples->launch_end[i]);
	ret->n = n;
	ret->launches = launches;
	return pack(codec, size, ret, err);
}

enum assay_code store_encode_histogram(struct store_codec *codec,
				       const struct assay_histogram_data *histogram,
				       struct store_payload *ret, struct assay_err *err)
{
	size_t n = histogram->n;
	if (n > most_entries)
		return assay_fail(err, ASSAY_ESTORE, "%zu buckets are too many for one result", n);
	enum assay_code code = grow(&codec->plain, &codec->plain_capacity, n * BUCKET_BYTES, err);
	if (code != ASSAY_OK)
		return code;
	uint8_t *to = codec->plain;
	for (size_t i = 0; i < n; i++)
		to = put_u32(to, histogram->index[i]);
	for (size_t i = 0; i < n; i++)
		to = put_u64(to, histogram->counts[i]);
	ret->n = n;
	ret->launches = 0;
	return pack(codec, n * BUCKET_BYTES, ret, err);
}

/* The plain bytes, exactly `size` of them: the stored ones, or unpacked into the arena. */
static enum assay_code unpack(const struct store_payload *payload, size_t size,
			      struct store_arena *arena, const uint8_t **ret, struct assay_err *err)
{
	if (!store_payload_intact(payload))
		return assay_fail(err, ASSAY_EPARSE, "the checksum does not match");
	size_t stored = payload->size;
	if (payload->zstd) {
		unsigned long long content = ZSTD_getFrameContentSize(payload->data, payload->size);
		stored = content == ZSTD_CONTENTSIZE_ERROR || content == ZSTD_CONTENTSIZE_UNKNOWN
				 ? SIZE_MAX
				 : (size_t)content;
	}
	if (stored != size)
		return assay_fail(err, ASSAY_EPARSE, "the size does not match the counts");
	*ret = payload->data;
	if (!payload->zstd)
		return ASSAY_OK;
	uint8_t *plain = store_arena_take(arena, size);
	if (!plain)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu bytes of samples", size);
	size_t unpacked = ZSTD_decompress(plain, size, payload->data, payload->size);
	if (unpacked != size)
		return assay_fail(err, ASSAY_EPARSE, "the compressed bytes are malformed");
	*ret = plain;
	return ASSAY_OK;
}

/* Launch ends rise and the last one is n. */
static enum assay_code check_launches(const struct assay_samples *samples, struct assay_err *err)
{
	uint32_t last = 0;
	for (size_t i = 0; i < samples->launches; i++) {
		if (samples->launch_end[i] < last)
			return assay_fail(err, ASSAY_EPARSE, "launch boundaries are out of order");
		last = samples->launch_end[i];
	}
	if (samples->launches && last != samples->n)
		return assay_fail(err, ASSAY_EPARSE, "launch boundaries do not cover the samples");
	return ASSAY_OK;
}

enum assay_code store_decode_samples(const struct store_payload *payload, struct store_arena *arena,
				     struct assay_samples *ret, struct assay_err *err)
{
	if (payload->n > most_entries || payload->launches > most_entries)
		return assay_fail(err, ASSAY_EPARSE, "the counts are absurd");
	size_t n = (size_t)payload->n, launches = (size_t)payload->launches;
	const uint8_t *from;
	enum assay_code code =
		unpack(payload, n * SAMPLE_BYTES + launches * LAUNCH_BYTES, arena, &from, err);
	if (code != ASSAY_OK)
		return code;
	*ret = (struct assay_samples){
		.values = store_arena_take(arena, n * sizeof(double)),
		.flags = store_arena_take(arena, n),
		.n = n,
		.launch_end = store_arena_take(arena, launches * sizeof(uint32_t)),
		.launches = launches,
	};
	if (!ret->values || !ret->flags || !ret->launch_end)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu samples", n);
	for (size_t i = 0; i < n; i++, from += 8) {
		uint64_t bits = get_u64(from);
		memcpy(&ret->values[i], &bits, sizeof(bits));
	}
	memcpy(ret->flags, from, n);
	from += n;
	for (size_t i = 0; i < launches; i++, from += LAUNCH_BYTES)
		ret->launch_end[i] = get_u32(from);
	return check_launches(ret, err);
}

enum assay_code store_decode_histogram(const struct store_payload *payload,
				       struct store_arena *arena, struct assay_histogram_data *ret,
				       struct assay_err *err)
{
	if (payload->n > most_entries)
		return assay_fail(err, ASSAY_EPARSE, "the counts are absurd");
	size_t n = (size_t)payload->n;
	const uint8_t *from;
	enum assay_code code = unpack(payload, n * BUCKET_BYTES, arena, &from, err);
	if (code != ASSAY_OK)
		return code;
	*ret = (struct assay_histogram_data){
		.index = store_arena_take(arena, n * sizeof(uint32_t)),
		.counts = store_arena_take(arena, n * sizeof(uint64_t)),
		.n = n,
	};
	if (!ret->index || !ret->counts)
		return assay_fail(err, ASSAY_ENOMEM, "no memory for %zu buckets", n);
	for (size_t i = 0; i < n; i++, from += 4)
		ret->index[i] = get_u32(from);
	for (size_t i = 0; i < n; i++, from += 8)
		ret->counts[i] = get_u64(from);
	return ASSAY_OK;
}
