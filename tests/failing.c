/* SPDX-License-Identifier: MIT */
/* failing: what the linker's --wrap puts before the C library's allocator. */
#include "tests/failing.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/attr.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_reallocarray(void *block, size_t n, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t n);
int __real_vasprintf(char **ret, const char *fmt, va_list args);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_reallocarray(void *block, size_t n, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t n);
int __wrap_vasprintf(char **ret, const char *fmt, va_list args);
int __wrap_asprintf(char **ret, const char *fmt, ...) ASSAY_PRINTF(2, 3);

/* NULL: nothing fails. The wrapped functions have no argument to find it by. */
static struct failing *armed;

struct failing *failing_use(struct failing *hand)
{
	struct failing *before = armed;
	armed = hand;
	return before;
}

bool failing_now(void)
{
	if (!armed || !armed->at)
		return false;
	if (++armed->seen != armed->at && !(armed->for_ever && armed->fired))
		return false;
	return armed->fired = true;
}

void *__wrap_malloc(size_t size)
{
	return failing_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return failing_now() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *block, size_t size)
{
	return failing_now() ? NULL : __real_realloc(block, size);
}

void *__wrap_reallocarray(void *block, size_t n, size_t size)
{
	return failing_now() ? NULL : __real_reallocarray(block, n, size);
}

char *__wrap_strdup(const char *text)
{
	return failing_now() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t n)
{
	return failing_now() ? NULL : __real_strndup(text, n);
}

int __wrap_vasprintf(char **ret, const char *fmt, va_list args)
{
	return failing_now() ? -1 : __real_vasprintf(ret, fmt, args);
}

int __wrap_asprintf(char **ret, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	int n = __wrap_vasprintf(ret, fmt, args);
	va_end(args);
	return n;
}
