/* SPDX-License-Identifier: MIT */
/* t: the one include of cmocka, and what it lacks. Threads record; only the main thread asserts. */
#ifndef ASSAY_TESTS_T_H
#define ASSAY_TESTS_T_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "harness/base/err.h"
#include "tests/temporary.h"

/* |got - want| <= relative * |want|, with both in the message. */
#define assert_close(got, want, relative)                                                    \
	do {                                                                                 \
		double got_ = (got), want_ = (want);                                         \
		if (!(fabs(got_ - want_) <= (relative)*fabs(want_)))                         \
			fail_msg("%s is %.17g, expected %.17g within %g", #got, got_, want_, \
				 (double)(relative));                                        \
	} while (0)

/* The call succeeds; its message is shown when it does not. `err` is a struct assay_err in scope. */
#define assert_ok(call)                                                                  \
	do {                                                                             \
		enum assay_code code_ = (call);                                          \
		if (code_ != ASSAY_OK)                                                   \
			fail_msg("%s: %s: %s", #call, assay_code_name(code_), err.text); \
	} while (0)

/* The call fails with `code` and its message contains `part`. */
#define assert_fails(call, code, part)                                                   \
	do {                                                                             \
		enum assay_code code_ = (call);                                          \
		if (code_ != (code))                                                     \
			fail_msg("%s gave %s, not %s", #call, assay_code_name(code_),    \
				 assay_code_name(code));                                 \
		if (!strstr(err.text, (part)))                                           \
			fail_msg("%s says '%s', without '%s'", #call, err.text, (part)); \
	} while (0)

#endif
