/* SPDX-License-Identifier: MIT */
/* frame: a stream means the same in whatever pieces it arrives, and no bytes upset the reader. */
#include <stdbool.h>

#include "harness/engine/frame.h"
#include "tests/fuzz/fuzz.h"

struct outcome {
	size_t frames;
	uint64_t digest; /* of types, lengths and payloads */
	bool broken;
};

static void take(struct outcome *outcome, const void *bytes, size_t length)
{
	const uint8_t *byte = bytes;
	for (size_t i = 0; i < length; i++)
		outcome->digest = (outcome->digest ^ byte[i]) * UINT64_C(0x100000001b3);
}

static struct outcome read_in_pieces(const uint8_t *data, size_t size, size_t piece)
{
	struct outcome outcome = {.digest = UINT64_C(0xcbf29ce484222325)};
	struct assay_frame_reader reader = {0};
	struct assay_err err = {0};
	for (size_t at = 0; at < size && !outcome.broken; at += piece) {
		size_t now = size - at < piece ? size - at : piece;
		must(assay_frame_feed(&reader, data + at, now, &err) == ASSAY_OK);
		enum assay_frame_type type;
		const void *payload;
		size_t length;
		enum assay_code code = ASSAY_OK;
		while (assay_frame_next(&reader, &type, &payload, &length, &code, &err)) {
			must(length <= ASSAY_FRAME_MAX);
			outcome.frames++;
			take(&outcome, &type, sizeof(type));
			take(&outcome, &length, sizeof(length));
			take(&outcome, payload, length);
		}
		outcome.broken = code != ASSAY_OK;
		must(!outcome.broken || err.text[0] != '\0');
	}
	assay_frame_reader_done(&reader);
	return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole = read_in_pieces(data, size, size + 1);
	struct outcome sevens = read_in_pieces(data, size, 7);
	struct outcome bytes = read_in_pieces(data, size, 1);
	must(whole.frames == sevens.frames && whole.frames == bytes.frames);
	must(whole.digest == sevens.digest && whole.digest == bytes.digest);
	must(whole.broken == sevens.broken && whole.broken == bytes.broken);
	return 0;
}
