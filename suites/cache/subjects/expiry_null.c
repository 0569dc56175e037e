/* SPDX-License-Identifier: MIT */
/* expiry_null: nothing ever expires: the cost of the calls. */
#include "suites/cache/parts.h"

struct expiry {
	uint32_t n;
};

static struct expiry *null_create(uint32_t n)
{
	static struct expiry nothing; /* never written */
	return &nothing;
}

static void null_add(struct expiry *expiry, uint32_t entry, uint64_t deadline)
{
}

static void null_cancel(struct expiry *expiry, uint32_t entry)
{
}

static void null_advance(struct expiry *expiry, uint64_t now,
			 void (*expired)(void *context, uint32_t entry), void *context)
{
}

static void null_destroy(struct expiry *expiry)
{
}

static const struct expiry_ops ops = {null_create, null_add, null_cancel, null_advance,
				      null_destroy};

const struct assay_subject assay_subject_cache_expiry_null = {
	.interface = EXPIRY_INTERFACE,
	.brief = "nothing ever expires",
	.ops = &ops,
	.is_null = true,
};
