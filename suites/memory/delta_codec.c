/* SPDX-License-Identifier: MIT */
/* delta_codec: groups of 64 words, written as planes of bytes. */
#include "suites/memory/delta_codec.h"

#include <stdint.h>
#include <string.h>

enum { GROUP = 64, BEFORE = 4, PROBES = 6 };

/* How far the guess looks back, whether it draws a line, and how wide a word is. */
static const struct form {
	unsigned back;
	bool line;
	unsigned width;
} forms[DELTA_FORMS] = {
	{1, false, 4}, {1, true, 4}, {4, false, 4}, {1, false, 8}, {1, true, 8},
};

/*
 * The two widths are one text. x[-BEFORE .. GROUP) are words, z[GROUP] their differences; `back` and `line` are
 * constants where these are called, so that every loop is one of vectors.
 */
#define DELTA_WIDTH(word, sword, bits)                                                            \
	static inline __attribute__((always_inline))                                              \
	word differ##bits(const word *x, word *z, unsigned back, bool line)                       \
	{                                                                                         \
		word all = 0;                                                                     \
		for (int i = 0; i < GROUP; i++) {                                                 \
			word guess = line ? 2 * x[i - 1] - x[i - 2] : x[i - (int)back];           \
			word d = x[i] - guess;                                                    \
			z[i] = (word)(d << 1) ^ (word)((sword)d >> ((bits)-1));                   \
			all |= z[i];                                                              \
		}                                                                                 \
		return all;                                                                       \
	}                                                                                         \
	static inline __attribute__((always_inline)) void restore##bits(word *x, const word *z,   \
									unsigned back, bool line) \
	{                                                                                         \
		for (int i = 0; i < GROUP; i++) {                                                 \
			word d = (z[i] >> 1) ^ (word)(-(sword)(z[i] & 1));                        \
			word guess = line ? 2 * x[i - 1] - x[i - 2] : x[i - (int)back];           \
			x[i] = guess + d;                                                         \
		}                                                                                 \
	}                                                                                         \
	static inline __attribute__((always_inline)) void split##bits(                            \
		unsigned char *to, const word *z, unsigned planes)                                \
	{                                                                                         \
		for (unsigned k = 0; k < planes; k++)                                             \
			for (int i = 0; i < GROUP; i++)                                           \
				to[k * GROUP + (unsigned)i] = (unsigned char)(z[i] >> 8 * k);     \
	}                                                                                         \
	static inline __attribute__((always_inline)) void join##bits(                             \
		word *z, const unsigned char *from, unsigned planes)                              \
	{                                                                                         \
		memset(z, 0, GROUP * sizeof(*z));                                                 \
		for (unsigned k = 0; k < planes; k++)                                             \
			for (int i = 0; i < GROUP; i++)                                           \
				z[i] |= (word)from[k * GROUP + (unsigned)i] << 8 * k;             \
	}                                                                                         \
	/* What would have led to the first words: they shall not differ from their guesses. */   \
	static inline void begin##bits(word *x, bool line)                                        \
	{                                                                                         \
		for (int i = 1; i <= BEFORE; i++)                                                 \
			x[-i] = line ? 2 * x[1 - i] - x[2 - i] : x[BEFORE - i];                   \
	}                                                                                         \
	/* from[n] to to[capacity] behind `at`; where the end is, or 0. */                        \
	static inline __attribute__((always_inline))                                              \
	size_t pack##bits(unsigned char *to, size_t at, size_t capacity,                          \
			  const unsigned char *from, size_t n, unsigned back, bool line)          \
	{                                                                                         \
		word x[BEFORE + GROUP], z[GROUP];                                                 \
		if (n < sizeof(z))                                                                \
			return at;                                                                \
		if (capacity - at < BEFORE * sizeof(word))                                        \
			return 0;                                                                 \
		memcpy(x + BEFORE, from, sizeof(z));                                              \
		begin##bits(x + BEFORE, line);                                                    \
		memcpy(to + at, x, BEFORE * sizeof(word));                                        \
		at += BEFORE * sizeof(word);                                                      \
		for (size_t i = 0; i + sizeof(z) <= n; i += sizeof(z)) {                          \
			memcpy(x + BEFORE, from + i, sizeof(z));                                  \
			unsigned planes = planes_of(differ##bits(x + BEFORE, z, back, line));     \
			if (at + 1 + planes * GROUP > capacity)                                   \
				return 0;                                                         \
			to[at++] = (unsigned char)planes;                                         \
			split##bits(to + at, z, planes);                                          \
			at += planes * GROUP;                                                     \
			memcpy(x, x + GROUP, BEFORE * sizeof(*x));                                \
		}                                                                                 \
		return at;                                                                        \
	}                                                                                         \
	/* The way back; where the packed groups end, or 0. */                                    \
	static inline __attribute__((always_inline))                                              \
	size_t unpack##bits(unsigned char *to, size_t n, const unsigned char *from, size_t bytes, \
			    unsigned back, bool line)                                             \
	{                                                                                         \
		word x[BEFORE + GROUP], z[GROUP];                                                 \
		size_t at = 1;                                                                    \
		if (n < sizeof(z))                                                                \
			return at;                                                                \
		if (bytes - at < BEFORE * sizeof(word))                                           \
			return 0;                                                                 \
		memcpy(x, from + at, BEFORE * sizeof(word));                                      \
		at += BEFORE * sizeof(word);                                                      \
		for (size_t i = 0; i + sizeof(z) <= n; i += sizeof(z)) {                          \
			unsigned planes = at < bytes ? from[at++] : UINT8_MAX;                    \
			if (planes > sizeof(word) || bytes - at < planes * GROUP)                 \
				return 0;                                                         \
			join##bits(z, from + at, planes);                                         \
			at += planes * GROUP;                                                     \
			restore##bits(x + BEFORE, z, back, line);                                 \
			memcpy(to + i, x + BEFORE, sizeof(z));                                    \
			memcpy(x, x + GROUP, BEFORE * sizeof(*x));                                \
		}                                                                                 \
		return at;                                                                        \
	}

/* Bytes that the largest of the words needs, whose bits are all in `all`. */
static inline unsigned planes_of(uint64_t all)
{
	return all ? (71u - (unsigned)__builtin_clzll(all)) / 8u : 0;
}

DELTA_WIDTH(uint32_t, int32_t, 32)
DELTA_WIDTH(uint64_t, int64_t, 64)

/* Bytes that one group of 64 words at `from` takes, judged by itself. */
static size_t cost(const unsigned char *from, enum delta_form form)
{
	const struct form *f = &forms[form];
	size_t skip = BEFORE * f->width;

	if (f->width == 4) {
		uint32_t x[BEFORE + GROUP], z[GROUP];
		memcpy(x, from, skip + sizeof(z));
		return 1 + GROUP * planes_of(differ32(x + BEFORE, z, f->back, f->line));
	}
	uint64_t x[BEFORE + GROUP], z[GROUP];
	memcpy(x, from, skip + sizeof(z));
	return 1 + GROUP * planes_of(differ64(x + BEFORE, z, f->back, f->line));
}

enum delta_form delta_choose(const void *from, size_t n, double *ret_ratio)
{
	const size_t span = (BEFORE + GROUP) * sizeof(uint64_t);
	const unsigned char *bytes = from;
	enum delta_form best = DELTA_WORD4;

	*ret_ratio = 0;
	if (n < span)
		return best;
	for (enum delta_form form = DELTA_WORD4; form < DELTA_FORMS; form++) {
		size_t total = 0;
		for (size_t p = 0; p < PROBES; p++) {
			size_t at = (n - span) * p / (PROBES - 1) & ~(size_t)15;
			total += cost(bytes + at, form);
		}
		double ratio = (double)(PROBES * GROUP * forms[form].width) / (double)total;
		if (ratio > *ret_ratio) {
			*ret_ratio = ratio;
			best = form;
		}
	}
	return best;
}

size_t delta_compress(void *to, size_t capacity, const void *from, size_t n)
{
	unsigned char *out = to;
	const unsigned char *in = from;
	double ratio;
	size_t at = 0;

	if (capacity < 1)
		return 0;
	enum delta_form form = delta_choose(from, n, &ratio);
	out[0] = (unsigned char)form;
	switch (form) {
	case DELTA_WORD4:
		at = pack32(out, 1, capacity, in, n, 1, false);
		break;
	case DELTA_LINE4:
		at = pack32(out, 1, capacity, in, n, 1, true);
		break;
	case DELTA_RECORD16:
		at = pack32(out, 1, capacity, in, n, 4, false);
		break;
	case DELTA_WORD8:
		at = pack64(out, 1, capacity, in, n, 1, false);
		break;
	default:
		at = pack64(out, 1, capacity, in, n, 1, true);
	}
	size_t rest = n % (GROUP * forms[form].width);
	if (!at || capacity - at < rest)
		return 0;
	memcpy(out + at, in + n - rest, rest);
	return at + rest;
}

bool delta_expand(void *to, size_t n, const void *from, size_t bytes)
{
	unsigned char *out = to;
	const unsigned char *in = from;
	size_t at = 0;

	if (bytes < 1 || in[0] >= DELTA_FORMS)
		return false;
	switch ((enum delta_form)in[0]) {
	case DELTA_WORD4:
		at = unpack32(out, n, in, bytes, 1, false);
		break;
	case DELTA_LINE4:
		at = unpack32(out, n, in, bytes, 1, true);
		break;
	case DELTA_RECORD16:
		at = unpack32(out, n, in, bytes, 4, false);
		break;
	case DELTA_WORD8:
		at = unpack64(out, n, in, bytes, 1, false);
		break;
	default:
		at = unpack64(out, n, in, bytes, 1, true);
	}
	size_t rest = n % (GROUP * forms[in[0]].width);
	if (!at || bytes - at != rest)
		return false;
	memcpy(out + n - rest, in + at, rest);
	return true;
}
