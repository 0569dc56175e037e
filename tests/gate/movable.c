/* SPDX-License-Identifier: MIT */
/* movable: a few functions for the tests of variants to move about. */
#include "tests/gate/movable.h"

/* 64: what a pad of 16 bytes cannot move. */
__attribute__((aligned(64))) int movable_add(int a, int b)
{
	return a + b;
}

__attribute__((aligned(64))) int movable_twice(int a)
{
	return movable_add(a, a);
}
