/* SPDX-License-Identifier: MIT */
/* auto_codec: the probe, and the byte in front. */
#include "suites/memory/auto_codec.h"

#include "suites/memory/delta_codec.h"

/* The transform must promise this, for it is taken before the general codec is even tried. */
#define DELTA_WORTH 1.4
/* And the general one must shrink the sample to this share: its time has to be worth it. */
#define GENERAL_WORTH 0.9
#define SAMPLE_BYTES  ((size_t)4096)

enum auto_method auto_choose(const struct codec *general, const void *from, size_t n)
{
	unsigned char packed[MEMORY_CODEC_BOUND(SAMPLE_BYTES)];
	double ratio;

	delta_choose(from, n, &ratio);
	if (ratio >= DELTA_WORTH)
		return AUTO_DELTA;
	if (!general)
		return AUTO_STORED;
	size_t sample = n < 2 * SAMPLE_BYTES ? (n + 1) / 2 : SAMPLE_BYTES;
	const unsigned char *middle = (const unsigned char *)from + (n - sample) / 2;
	size_t bytes = general->compress(packed, sizeof(packed), middle, sample);
	return bytes && (double)bytes <= GENERAL_WORTH * (double)sample ? AUTO_GENERAL
									: AUTO_STORED;
}

size_t auto_compress(const struct codec *general, void *to, size_t capacity, const void *from,
		     size_t n)
{
	unsigned char *out = to;
	size_t bytes = 0;

	if (capacity < 1)
		return 0;
	out[0] = (unsigned char)auto_choose(general, from, n);
	if (out[0] == AUTO_DELTA)
		bytes = delta_compress(out + 1, capacity - 1, from, n);
	else if (out[0] == AUTO_GENERAL)
		bytes = general->compress(out + 1, capacity - 1, from, n);
	if (bytes && bytes < n)
		return bytes + 1;
	if (capacity - 1 < n)
		return 0;
	out[0] = AUTO_STORED;
	memcpy(out + 1, from, n);
	return n + 1;
}

bool auto_expand(const struct codec *general, void *to, size_t n, const void *from, size_t bytes)
{
	const unsigned char *in = from;

	if (bytes < 1)
		return false;
	switch (in[0]) {
	case AUTO_STORED:
		if (bytes - 1 != n)
			return false;
		memcpy(to, in + 1, n);
		return true;
	case AUTO_DELTA:
		return delta_expand(to, n, in + 1, bytes - 1);
	case AUTO_GENERAL:
		return general && general->expand(to, n, in + 1, bytes - 1);
	default:
		return false;
	}
}
