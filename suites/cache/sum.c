/* SPDX-License-Identifier: MIT */
/* sum: by the processor's instruction where it has one, else bit by bit through a table of nibbles. */
#include "suites/cache/sum.h"

#include <stdbool.h>
#include <string.h>

enum { LANES = 4 };

/* Sixteen entries: the remainders of 4 bits, reflected polynomial 82f63b78. */
static const uint32_t nibbles[16] = {
	0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
	0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
	0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

static uint32_t table_bytes(uint32_t crc, const unsigned char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		crc ^= bytes[i];
		crc = crc >> 4 ^ nibbles[crc & 15];
		crc = crc >> 4 ^ nibbles[crc & 15];
	}
	return crc;
}

static uint32_t table_lanes(const unsigned char *bytes, size_t n)
{
	uint32_t lane[LANES] = {1, 2, 3, 4};
	size_t at = 0;
	for (; at + 8 * LANES <= n; at += 8 * LANES)
		for (size_t l = 0; l < LANES; l++)
			lane[l] = table_bytes(lane[l], bytes + at + 8 * l, 8);
	uint32_t fold = table_bytes(UINT32_MAX, bytes + at, n - at);
	for (size_t l = 0; l < LANES; l++) {
		unsigned char word[8] = {0};
		for (size_t b = 0; b < sizeof(lane[l]); b++)
			word[b] = (unsigned char)(lane[l] >> 8 * b & 255);
		fold = table_bytes(fold, word, sizeof(word));
	}
	return ~fold;
}

#if defined(__x86_64__)
#define HARDWARE __attribute__((target("sse4.2")))

static inline uint64_t word_at(const unsigned char *bytes)
{
	uint64_t word;
	memcpy(&word, bytes, sizeof(word));
	return word;
}

HARDWARE static uint32_t fast_bytes(uint32_t crc, const unsigned char *bytes, size_t n)
{
	uint64_t wide = crc;
	size_t at = 0;
	for (; at + 8 <= n; at += 8)
		wide = __builtin_ia32_crc32di(wide, word_at(bytes + at));
	crc = (uint32_t)wide;
	for (; at < n; at++)
		crc = __builtin_ia32_crc32qi(crc, bytes[at]);
	return crc;
}

HARDWARE static uint32_t fast_lanes(const unsigned char *bytes, size_t n)
{
	uint64_t a = 1, b = 2, c = 3, d = 4;
	size_t at = 0;
	for (; at + 8 * LANES <= n; at += 8 * LANES) {
		a = __builtin_ia32_crc32di(a, word_at(bytes + at));
		b = __builtin_ia32_crc32di(b, word_at(bytes + at + 8));
		c = __builtin_ia32_crc32di(c, word_at(bytes + at + 16));
		d = __builtin_ia32_crc32di(d, word_at(bytes + at + 24));
	}
	uint64_t fold = fast_bytes(UINT32_MAX, bytes + at, n - at);
	fold = __builtin_ia32_crc32di(fold, a);
	fold = __builtin_ia32_crc32di(fold, b);
	fold = __builtin_ia32_crc32di(fold, c);
	return ~(uint32_t)__builtin_ia32_crc32di(fold, d);
}

static inline bool has_instruction(void)
{
	return __builtin_cpu_supports("sse4.2");
}
#else
static uint32_t fast_bytes(uint32_t crc, const unsigned char *bytes, size_t n)
{
	return table_bytes(crc, bytes, n);
}

static uint32_t fast_lanes(const unsigned char *bytes, size_t n)
{
	return table_lanes(bytes, n);
}

static inline bool has_instruction(void)
{
	return false;
}
#endif

uint32_t sum_crc32c(const void *bytes, size_t n)
{
	return ~(has_instruction() ? fast_bytes(UINT32_MAX, bytes, n)
				   : table_bytes(UINT32_MAX, bytes, n));
}

uint32_t sum_lanes(const void *bytes, size_t n)
{
	return has_instruction() ? fast_lanes(bytes, n) : table_lanes(bytes, n);
}
