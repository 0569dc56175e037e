/* SPDX-License-Identifier: MIT */
/*
 * sum: the checksum of a record. CRC32C [Castagnoli et al., IEEE Trans. Commun. 41(6), 1993] over four
 * lanes of 8-byte words side by side, folded by one more CRC32C: the instruction has a latency of three
 * cycles, so four lanes run at nearly four times the speed. One flipped bit changes one lane and the
 * fold, always; so does any burst of up to 32 bits.
 */
#ifndef ASSAY_SUITES_CACHE_SUM_H
#define ASSAY_SUITES_CACHE_SUM_H

#include <stddef.h>
#include <stdint.h>

/* Plain CRC32C of n bytes as RFC 3720 has it: "123456789" gives e3069283. Thread-safe. */
uint32_t sum_crc32c(const void *bytes, size_t n);

/* The four-lane sum. With SSE4.2, or the same by tables where there is none. */
uint32_t sum_lanes(const void *bytes, size_t n);

#endif
