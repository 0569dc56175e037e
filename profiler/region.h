/* SPDX-License-Identifier: MIT */
/*
 * region.h: names for parts of a program under test, so that a profile can say how often each ran and for
 * how long. For any program in C or C++ that links with assay-region (pkg-config); it needs nothing else
 * of assay.
 *
 *   int parse(const char *text)
 *   {
 *           ASSAY_REGION("parse");      // from here to the end of the block, by whatever way it is left
 *           ...
 *   }
 *
 * Regions nest, and belong to the thread that enters them. When nobody listens, one costs a load and a
 * branch at each end. `assay profile -- PROGRAM` listens; the figures are handed over when the program
 * exits, so a program that is killed leaves none.
 */
#ifndef ASSAY_PROFILER_REGION_H
#define ASSAY_PROFILER_REGION_H

#ifdef __cplusplus
extern "C" {
#endif

/* One place in the source. `number` belongs to the library: 0 until it is first entered. */
struct assay_region_site {
	const char *name; /* shown up to its first 63 bytes; places of the same name add up */
	unsigned number;
};

/* Does anybody listen? Set once before main(). */
extern __attribute__((visibility("default"))) int assay_region_listening;

/* What begins and ends a region while somebody listens. An end without a begin is counted, not obeyed. */
__attribute__((visibility("default"))) void assay_region_enter(struct assay_region_site *site);
__attribute__((visibility("default"))) void assay_region_exit(void);

static inline __attribute__((always_inline)) int assay_region_begin_(struct assay_region_site *site)
{
	if (__builtin_expect(assay_region_listening, 0)) {
		assay_region_enter(site);
		return 1;
	}
	return 0;
}

static inline __attribute__((always_inline)) void assay_region_end_(const int *entered)
{
	if (__builtin_expect(*entered, 0))
		assay_region_exit();
}

#define ASSAY_REGION_JOIN_(a, b)  a##b
#define ASSAY_REGION_PASTE_(a, b) ASSAY_REGION_JOIN_(a, b)

/* The rest of the enclosing block. `name` is a string literal. */
#define ASSAY_REGION(name)                                                                      \
	static struct assay_region_site ASSAY_REGION_PASTE_(assay_site_, __LINE__) = {name, 0}; \
	__attribute__((cleanup(assay_region_end_), unused)) const int ASSAY_REGION_PASTE_(      \
		assay_entered_, __LINE__) =                                                     \
		assay_region_begin_(&ASSAY_REGION_PASTE_(assay_site_, __LINE__))

/* The same in two halves, for regions that are no block. Both on the same thread. */
#define ASSAY_REGION_BEGIN(name)                                         \
	do {                                                             \
		static struct assay_region_site assay_site_ = {name, 0}; \
		if (__builtin_expect(assay_region_listening, 0))         \
			assay_region_enter(&assay_site_);                \
	} while (0)
#define ASSAY_REGION_END()                                       \
	do {                                                     \
		if (__builtin_expect(assay_region_listening, 0)) \
			assay_region_exit();                     \
	} while (0)

#ifdef __cplusplus
}
#endif

#endif
