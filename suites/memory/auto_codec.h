/* SPDX-License-Identifier: MIT */
/*
 * auto_codec: chooses for each block, by a look at samples of it, between our transform for numbers, a general
 * codec, and leaving it as it is. The first byte says which.
 */
#ifndef ASSAY_SUITES_MEMORY_AUTO_CODEC_H
#define ASSAY_SUITES_MEMORY_AUTO_CODEC_H

#include "suites/memory/memory.h"

enum auto_method { AUTO_STORED, AUTO_DELTA, AUTO_GENERAL };

/* What it would choose for from[n]. `general` may be NULL: there is none. */
enum auto_method auto_choose(const struct codec *general, const void *from, size_t n);
/* As struct codec has them, with the general codec. */
size_t auto_compress(const struct codec *general, void *to, size_t capacity, const void *from,
		     size_t n);
bool auto_expand(const struct codec *general, void *to, size_t n, const void *from, size_t bytes);

#endif
