/* SPDX-License-Identifier: MIT */
/*
 * delta: bytes that claim to be packed numbers: refused, or expanded within the room; and whatever bytes there
 * are come back from packing as they were.
 */
#include "suites/memory/delta_codec.h"
#include "tests/fuzz/fuzz.h"

enum { MOST = 8192 };

/* The first two bytes say how long the plain side is to be. */
static void expand(const uint8_t *data, size_t size)
{
	size_t n = 1 + (size_t)(data[0] | data[1] << 8) % MOST;
	unsigned char *plain = malloc(n), *packed = malloc(size);

	if (plain && packed) {
		memcpy(packed, data, size); /* of its own size, so that reading beyond it is seen */
		delta_expand(plain, n, packed + 2, size - 2);
	}
	free(plain);
	free(packed);
}

static void round_trip(const uint8_t *data, size_t size)
{
	size_t room = size + size / 64 + 64;
	unsigned char *packed = malloc(room), *back = malloc(size);

	if (packed && back) {
		size_t bytes = delta_compress(packed, room, data, size);
		must(bytes > 0 && bytes <= room);
		must(delta_expand(back, size, packed, bytes));
		must(memcmp(back, data, size) == 0);
	}
	free(packed);
	free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 2 && size <= MOST) {
		expand(data, size);
		round_trip(data, size);
	}
	return 0;
}
