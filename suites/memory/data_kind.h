/* SPDX-License-Identifier: MIT */
/* data_kind: bytes of kinds that compress differently, made up from a seed. */
#ifndef ASSAY_SUITES_MEMORY_DATA_KIND_H
#define ASSAY_SUITES_MEMORY_DATA_KIND_H

#include <stddef.h>
#include <stdint.h>

/* In the order of an axis "float,double,records,text,random". */
enum data_kind {
	DATA_FLOAT,  /* a smooth field: waves of several lengths, 32-bit */
	DATA_DOUBLE, /* the same, 64-bit */
	DATA_RECORDS, /* a counter, a time that grows by small steps, a small code, a reading; 32-bit each */
	DATA_TEXT,   /* words of a small language, the frequent ones more often */
	DATA_RANDOM, /* nothing to be gained */
};

/* Fill bytes[n]. The same seed gives the same bytes. */
void data_fill(enum data_kind kind, uint64_t seed, void *bytes, size_t n);

#endif
