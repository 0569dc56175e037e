/* SPDX-License-Identifier: MIT */
/*
 * flop_kernel: a = a * factor + step on twelve vectors that do not wait for each other: more than the
 * latency of a multiply-add (4 or 5 cycles) times the two that a core begins in a cycle on x86-64.
 */
#ifndef ASSAY_SUITES_MEMORY_FLOP_KERNEL_H
#define ASSAY_SUITES_MEMORY_FLOP_KERNEL_H

#include "suites/memory/memory.h"

#define FLOP_EACH(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)
enum { FLOP_VECTORS = 12 };

#define FLOP_DECLARE_(i) vec a##i = zero + (double)(i);
#define FLOP_STEP_(i)    a##i = a##i * f + s;
/* In a register of its own after every step: neither merged with others nor folded over turns. */
#define FLOP_KEEP_(i) __asm__ volatile("" : FLOP_REGISTER(a##i));
#define FLOP_ADD_(i)  total += a##i;

#define FLOP_VECTOR(lanes) __attribute__((vector_size((lanes) * sizeof(double)))) double

/*
 * Defines `name`, a flop_kernel's run on vectors `type` of `lanes` doubles for the given target. Vector k
 * begins as k in every lane. FLOP_REGISTER is the constraint of such a vector.
 */
#define FLOP_KERNEL(name, attribute, type, lanes)                                             \
	attribute static ASSAY_NOIPA double name(uint64_t rounds, double factor, double step) \
	{                                                                                     \
		typedef type vec;                                                             \
		union {                                                                       \
			vec v;                                                                \
			double lane[lanes];                                                   \
		} sum;                                                                        \
		vec zero = {0}, total = zero, f = zero + factor, s = zero + step;             \
		double result = 0;                                                            \
		FLOP_EACH(FLOP_DECLARE_)                                                      \
		for (uint64_t i = 0; i < rounds; i++) {                                       \
			FLOP_EACH(FLOP_STEP_)                                                 \
			FLOP_EACH(FLOP_KEEP_)                                                 \
		}                                                                             \
		FLOP_EACH(FLOP_ADD_)                                                          \
		sum.v = total;                                                                \
		for (unsigned i = 0; i < (lanes); i++)                                        \
			result += sum.lane[i];                                                \
		return result;                                                                \
	}

#endif
