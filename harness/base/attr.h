/* SPDX-License-Identifier: MIT */
/* attr: compiler attributes in one place, and the cleanup idiom. */
#ifndef ASSAY_BASE_ATTR_H
#define ASSAY_BASE_ATTR_H

#define ASSAY_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define ASSAY_API               __attribute__((visibility("default")))
/* Not inlined, cloned or analysed across the call: for timed kernels that must really run. */
#if defined(__clang__)
#define ASSAY_NOIPA __attribute__((noinline))
#else
#define ASSAY_NOIPA __attribute__((noipa))
#endif
#define ASSAY_CACHE_LINE 64

/* Is this a sanitizer's build, which reserves terabytes of shadow memory?
 * gcc and clang each say it in their own way. */
#if defined(__has_feature)
#define ASSAY_ASAN __has_feature(address_sanitizer)
#define ASSAY_TSAN __has_feature(thread_sanitizer)
#else
#if defined(__SANITIZE_ADDRESS__)
#define ASSAY_ASAN 1
#else
#define ASSAY_ASAN 0
#endif
#if defined(__SANITIZE_THREAD__)
#define ASSAY_TSAN 1
#else
#define ASSAY_TSAN 0
#endif
#endif
#define ASSAY_SANITIZED (ASSAY_ASAN || ASSAY_TSAN)

#define ASSAY_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* `ASSAY_AUTO(assay_str_done) struct assay_str s = { 0 };` runs the destructor at scope end. */
#define ASSAY_AUTO(destructor) __attribute__((cleanup(destructor)))
/* Frees a malloc'd pointer at scope end: `ASSAY_AUTO_FREE char *text = strdup(...)`. */
#define ASSAY_AUTO_FREE __attribute__((cleanup(assay_auto_free)))
/* Closes a descriptor at scope end unless it is negative. */
#define ASSAY_AUTO_CLOSE __attribute__((cleanup(assay_auto_close)))

void assay_auto_free(void *pointer_to_pointer);
void assay_auto_close(const int *fd);

#endif
