/* SPDX-License-Identifier: MIT */
/* parse: numbers, sizes, durations and CPU lists. */
#include "harness/base/parse.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum assay_code assay_parse_u64(const char *text, uint64_t lo, uint64_t hi, uint64_t *ret,
				struct assay_err *err)
{
	char *end = NULL;
	errno = 0;
	unsigned long long value = isdigit((unsigned char)text[0]) ? strtoull(text, &end, 10) : 0;
	if (!end || *end)
		return assay_fail(err, ASSAY_EPARSE, "'%s' is not a whole number", text);
	if (errno || value < lo || value > hi)
		return assay_fail(err, ASSAY_EPARSE, "%s is outside %" PRIu64 " to %" PRIu64, text,
				  lo, hi);
	*ret = value;
	return ASSAY_OK;
}

struct suffix {
	const char *name;
	double factor;
};

/* A non-negative decimal number followed by exactly one of the suffixes; no hex, inf or nan. */
static bool parse_scaled(const char *text, const struct suffix *suffixes, size_t n, double *ret)
{
	size_t digits = strspn(text, "0123456789.");
	if (!digits || digits > 24 || !isdigit((unsigned char)text[0]))
		return false;
	char number[32];
	memcpy(number, text, digits);
	number[digits] = '\0';
	char *end;
	double value = strtod(number, &end);
	if (*end)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(text + digits, suffixes[i].name) == 0) {
			*ret = value * suffixes[i].factor;
			return true;
		}
	}
	return false;
}

enum assay_code assay_parse_size(const char *text, uint64_t *ret, struct assay_err *err)
{
	static const struct suffix suffixes[] = {
		{ "", 1 },
		{ "Ki", 0x1p10 },
		{ "Mi", 0x1p20 },
		{ "Gi", 0x1p30 },
		{ "Ti", 0x1p40 },
		{ "k", 1e3 },
		{ "K", 1e3 },
		{ "M", 1e6 },
		{ "G", 1e9 },
		{ "T", 1e12 },
	};
	char bare[40];
	size_t length = strlen(text);
	if (length >= sizeof(bare))
		return assay_fail(err, ASSAY_EPARSE, "'%.32s...' is not a size", text);
	memcpy(bare, text, length + 1);
	if (length > 1 && bare[length - 1] == 'B')
		bare[length - 1] = '\0';
	double value;
	if (!parse_scaled(bare, suffixes, ASSAY_COUNT_OF(suffixes), &value))
		return assay_fail(err, ASSAY_EPARSE,
				  "'%s' is not a size (write 4096, 4Ki, 1.5Mi, 64k or 1G)", text);
	if (value > 0x1p53 || value != floor(value))
		return assay_fail(err, ASSAY_EPARSE, "'%s' is not a whole number below 2^53", text);
	*ret = (uint64_t)value;
	return ASSAY_OK;
}

enum assay_code assay_parse_duration(const char *text, uint64_t *ret_ns, struct assay_err *err)
{
	static const struct suffix suffixes[] = {
		{ "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 }, { "m", 6e10 }, { "h", 3.6e12 },
	};
	double value;
	if (!parse_scaled(text, suffixes, ASSAY_COUNT_OF(suffixes), &value))
		return assay_fail(err, ASSAY_EPARSE,
				  "'%s' is not a duration (write 200ms, 1.5s, 5m or 1h)", text);
	if (value > 1e18)
		return assay_fail(err, ASSAY_EPARSE, "'%s' is longer than 31 years", text);
	*ret_ns = (uint64_t)llround(value);
	return ASSAY_OK;
}

/* One `N` or `N-M` at *cursor; advances past it. */
static bool parse_cpu_range(const char **cursor, unsigned long *lo, unsigned long *hi)
{
	char *end;
	if (!isdigit((unsigned char)**cursor))
		return false;
	*lo = *hi = strtoul(*cursor, &end, 10);
	if (*end == '-') {
		if (!isdigit((unsigned char)end[1]))
			return false;
		*hi = strtoul(end + 1, &end, 10);
	}
	*cursor = end;
	return *lo <= *hi && *hi <= 65535;
}

static bool contains(const unsigned *cpus, size_t n, unsigned cpu)
{
	for (size_t i = 0; i < n; i++)
		if (cpus[i] == cpu)
			return true;
	return false;
}

enum assay_code assay_parse_cpus(const char *text, unsigned *cpus, size_t capacity,
				 size_t *ret_count, struct assay_err *err)
{
	size_t n = 0;
	const char *cursor = text;
	for (;;) {
		unsigned long lo, hi;
		if (!parse_cpu_range(&cursor, &lo, &hi) || (*cursor && *cursor != ','))
			return assay_fail(err, ASSAY_EPARSE,
					  "'%s' is not a list of CPUs (write 0-3,8)", text);
		for (unsigned long cpu = lo; cpu <= hi; cpu++) {
			if (contains(cpus, n, (unsigned)cpu))
				return assay_fail(err, ASSAY_EPARSE, "CPU %lu stands twice in '%s'",
						  cpu, text);
			if (n == capacity)
				return assay_fail(err, ASSAY_EPARSE, "'%s' names more than %zu CPUs",
						  text, capacity);
			cpus[n++] = (unsigned)cpu;
		}
		if (!*cursor++)
			break;
	}
	*ret_count = n;
	return ASSAY_OK;
}

const char *assay_format_size(uint64_t value, char *text, size_t size)
{
	static const char *const names[] = { "", "Ki", "Mi", "Gi", "Ti" };
	size_t i = 0;
	while (i + 1 < ASSAY_COUNT_OF(names) && value && value % 1024 == 0) {
		value /= 1024;
		i++;
	}
	snprintf(text, size, "%" PRIu64 "%s", value, names[i]);
	return text;
}

/* Decimals that leave four significant digits of a value in [0, 1000). */
static int decimals(double value)
{
	double a = fabs(value);
	return a >= 1000 ? 0 : a >= 100 ? 1 : a >= 10 ? 2 : 3;
}

const char *assay_format_value(double value, const char *unit, char *text, size_t size)
{
	static const char *const prefixes[] = { "p", "n", "u", "m", "", "k", "M", "G", "T", "P" };
	enum { PREFIX_ONE = 4 };
	if (isnan(value)) {
		snprintf(text, size, "-");
		return text;
	}
	bool time = strncmp(unit, "ns", 2) == 0 && (unit[2] == '\0' || unit[2] == '/');
	bool scalable = time || strcmp(unit, "B") == 0 || strchr(unit, '/') != NULL;
	if (!scalable || value == 0 || isinf(value)) {
		bool bare = strcmp(unit, "ratio") == 0 || !*unit;
		snprintf(text, size, "%.*f%s%s", decimals(value), value, bare ? "" : " ",
			 bare ? "" : unit);
		return text;
	}
	int prefix = PREFIX_ONE;
	double scaled = time ? value * 1e-9 : value;
	while (fabs(scaled) >= 999.95 && prefix + 1 < (int)ASSAY_COUNT_OF(prefixes)) {
		scaled /= 1000;
		prefix++;
	}
	while (fabs(scaled) < 0.99995 && prefix > 0) {
		scaled *= 1000;
		prefix--;
	}
	snprintf(text, size, "%.*f %s%s", decimals(scaled), scaled, prefixes[prefix],
		 time ? unit + 1 : unit);
	return text;
}
