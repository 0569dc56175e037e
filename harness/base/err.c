/* SPDX-License-Identifier: MIT */
/* err: codes with messages, and the cleanup helpers of attr.h. */
#include "harness/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Show that the end of a text of `length` bytes is missing from err. */
static void mark_cut(struct assay_err *err, int length)
{
	if (length >= (int)sizeof(err->text))
		memcpy(err->text + sizeof(err->text) - 4, "...", 4);
}

enum assay_code assay_fail(struct assay_err *err, enum assay_code code, const char *fmt, ...)
{
	if (!err)
		return code;
	int saved = errno;
	char text[sizeof(err->text)]; /* err->text may be among the arguments */
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	memcpy(err->text, text, sizeof(text));
	mark_cut(err, n);
	err->code = code;
	errno = saved;
	return code;
}

enum assay_code assay_context(struct assay_err *err, enum assay_code code, const char *fmt, ...)
{
	if (!err || code == ASSAY_OK)
		return code;
	int saved = errno;
	char prefix[sizeof(err->text)];
	char old[sizeof(err->text)];
	va_list args;
	va_start(args, fmt);
	vsnprintf(prefix, sizeof(prefix), fmt, args);
	va_end(args);
	memcpy(old, err->text, sizeof(old));
	if (strlen(prefix) > sizeof(prefix) / 2) /* no room for the cause, which matters more */
		prefix[0] = '\0';
	int n = snprintf(err->text, sizeof(err->text), "%s%s%s", prefix, *prefix ? ": " : "", old);
	mark_cut(err, n);
	err->code = code;
	errno = saved;
	return code;
}

const char *assay_code_name(enum assay_code code)
{
	switch (code) {
	case ASSAY_OK:
		return "ok";
	case ASSAY_SKIP:
		return "skip";
	case ASSAY_EUSAGE:
		return "usage";
	case ASSAY_ENOMEM:
		return "memory";
	case ASSAY_EIO:
		return "io";
	case ASSAY_EPARSE:
		return "parse";
	case ASSAY_ECHECK:
		return "check";
	case ASSAY_ESTORE:
		return "store";
	case ASSAY_EENV:
		return "environment";
	case ASSAY_EINTR:
		return "interrupted";
	case ASSAY_EBUG:
		return "bug";
	}
	return "unknown";
}

void assay_auto_free(void *pointer_to_pointer)
{
	void *p;
	memcpy(&p, pointer_to_pointer, sizeof(p));
	int saved = errno;
	free(p);
	errno = saved;
}

void assay_auto_close(const int *fd)
{
	if (*fd < 0)
		return;
	int saved = errno;
	close(*fd);
	errno = saved;
}
