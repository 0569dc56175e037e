/* SPDX-License-Identifier: MIT */
/* payload: samples survive being stored, and stored bytes from anywhere are decoded or refused. */
#include <zlib.h>

#include "harness/store/payload.h"
#include "tests/fuzz/fuzz.h"

/* The checksum as payload.h defines it, so that inputs get past it. */
static uint32_t checksum(const struct store_payload *payload)
{
	uint8_t head[16];
	for (int i = 0; i < 8; i++) {
		head[i] = (uint8_t)(payload->n >> (8 * i));
		head[8 + i] = (uint8_t)(payload->launches >> (8 * i));
	}
	return (uint32_t)crc32_z(crc32_z(0, head, sizeof(head)), payload->data, payload->size);
}

/* One byte of kind, two of n, one of launches, then what the store would hold. */
static void decode_foreign(const uint8_t *data, size_t size)
{
	if (size < 4)
		return;
	struct store_payload payload = {
		.zstd = data[0] & 1,
		.n = (uint64_t)data[1] | (uint64_t)data[2] << 8,
		.launches = data[3],
		.data = data + 4,
		.size = size - 4,
	};
	payload.crc = checksum(&payload);
	must(store_payload_intact(&payload));
	struct store_arena *arena = store_arena_new();
	must(arena);
	struct assay_err err = {0};
	struct assay_samples samples;
	struct assay_histogram_data histogram;
	if (store_decode_samples(&payload, arena, &samples, &err) == ASSAY_OK) {
		must(samples.n == payload.n && samples.launches == payload.launches);
		for (size_t i = 0; i < samples.launches; i++)
			must(samples.launch_end[i] <= samples.n);
	} else {
		must(err.text[0] != '\0');
	}
	if (store_decode_histogram(&payload, arena, &histogram, &err) == ASSAY_OK)
		must(histogram.n == payload.n);
	store_arena_free(arena);
}

/* Nine bytes of input make a sample: any float64 and any flags. */
static void there_and_back(const uint8_t *data, size_t size)
{
	size_t n = size / 9;
	if (!n)
		return;
	double *values = malloc(n * sizeof(*values));
	uint8_t *flags = malloc(n);
	must(values && flags);
	memcpy(values, data, n * sizeof(*values));
	memcpy(flags, data + n * sizeof(*values), n);
	uint32_t launch_end[2] = {(uint32_t)(n / 2 ? n / 2 : n), (uint32_t)n};
	struct assay_samples samples = {values, flags, n, launch_end + (n < 2), n < 2 ? 1 : 2};
	struct store_codec codec = {0};
	struct store_payload payload;
	struct assay_samples again;
	struct assay_err err = {0};
	struct store_arena *arena = store_arena_new();
	must(arena);
	must(store_encode_samples(&codec, &samples, &payload, &err) == ASSAY_OK);
	must(store_payload_intact(&payload) && payload.crc == checksum(&payload));
	must(store_decode_samples(&payload, arena, &again, &err) == ASSAY_OK);
	must(again.n == n && again.launches == samples.launches);
	must(memcmp(again.values, values, n * sizeof(*values)) == 0);
	must(memcmp(again.flags, flags, n) == 0);
	must(memcmp(again.launch_end, samples.launch_end, samples.launches * sizeof(uint32_t)) ==
	     0);
	store_arena_free(arena);
	store_codec_done(&codec);
	free(flags);
	free(values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	decode_foreign(data, size);
	there_and_back(data, size);
	return 0;
}
