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

/* Is this a sanitizer's build, which reserves terabytes of shadow memory? */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ASSAY_SANITIZED 1
#elif defined(__has_feature)
#define ASSAY_SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define ASSAY_SANITIZED 0
#endif

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
