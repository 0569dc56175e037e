/* SPDX-License-Identifier: MIT */
/*
 * delta_codec: our transform for numbers. Words of 4 or 8 bytes are replaced by what they differ from a guess (the
 * word before, the line through the two before, or the same field of the record before), the sign is folded
 * into the lowest bit, and of each 64 such words only the bytes that any of them needs are kept, byte k of
 * all of them side by side. [Delta and byte shuffle as in Blosc and in Parquet's BYTE_STREAM_SPLIT; the line
 * as in FPZIP's and Gorilla's predecessors; the group's common width as in frame of reference.]
 */
#ifndef ASSAY_SUITES_MEMORY_DELTA_CODEC_H
#define ASSAY_SUITES_MEMORY_DELTA_CODEC_H

#include <stdbool.h>
#include <stddef.h>

/* The guesses. The number stands in the first byte of what is written; four words follow from which the first
 * guesses are made. */
enum delta_form {
	DELTA_WORD4,    /* 4 bytes, the word before */
	DELTA_LINE4,    /* 4 bytes, on the line through the two before */
	DELTA_RECORD16, /* 4 bytes, the word 16 bytes before */
	DELTA_WORD8,    /* 8 bytes, the word before */
	DELTA_LINE8,    /* 8 bytes, on the line through the two before */
	DELTA_FORMS,
};

/* The form that some groups of from[n], looked at here and there, come out smallest in; *ret_ratio is their
 * size over what it would come to. */
enum delta_form delta_choose(const void *from, size_t n, double *ret_ratio);

/* As struct codec has them; compress takes the form that delta_choose() gives. */
size_t delta_compress(void *to, size_t capacity, const void *from, size_t n);
bool delta_expand(void *to, size_t n, const void *from, size_t bytes);

#endif
