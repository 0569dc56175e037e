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

#include "harness/base/str.h"

#define MOST_EXACT ((uint64_t)1 << 53) /* beyond, a double no longer holds every whole number */
#define LONGEST_NS ((uint64_t)1000000000000000000)

enum assay_code assay_parse_u64(const char *text, uint64_t lo, uint64_t hi, uint64_t *ret,
				struct assay_err *err)
{
	char *end = NULL;
	errno = 0;
	unsigned long long value = isdigit((unsigned char)text[0]) ? strtoull(text, &end, 10) : 0;
	if (!end || *end)
		return assay_fail(err, ASSAY_EPARSE, "'%.64s' is not a whole number", text);
	if (errno || value < lo || value > hi)
		return assay_fail(err, ASSAY_EPARSE, "%.64s is outside %" PRIu64 " to %" PRIu64,
				  text, lo, hi);
	*ret = value;
	return ASSAY_OK;
}

struct suffix {
	const char *name;
	uint64_t factor;
};

enum scaled { SCALED_OK, SCALED_MALFORMED, SCALED_NOT_WHOLE, SCALED_TOO_LARGE };

/*
 * A non-negative decimal number, no sign and no exponent, as mantissa / 10^decimals; *cursor moves
 * behind it. In integers throughout: 1.005 * 1e6 is not whole in floating point.
 */
static enum scaled parse_decimal(const char **cursor, uint64_t *mantissa, unsigned *decimals)
{
	const char *c = *cursor;
	bool point = false;
	*mantissa = *decimals = 0;
	if (!isdigit((unsigned char)*c))
		return SCALED_MALFORMED;
	for (; isdigit((unsigned char)*c) || (*c == '.' && !point); c++) {
		if (*c == '.') {
			point = true;
			continue;
		}
		if (*mantissa > (UINT64_MAX - 9) / 10)
			return SCALED_TOO_LARGE;
		*mantissa = *mantissa * 10 + (uint64_t)(*c - '0');
		*decimals += point;
	}
	*cursor = c;
	return c[-1] == '.' ? SCALED_MALFORMED : SCALED_OK;
}

/* A decimal number followed by exactly one of the suffixes, which must come to a whole number. */
static enum scaled parse_scaled(const char *text, const struct suffix *suffixes, size_t n,
				uint64_t limit, uint64_t *ret)
{
	uint64_t mantissa;
	unsigned decimals;
	enum scaled result = parse_decimal(&text, &mantissa, &decimals);
	if (result != SCALED_OK)
		return result;
	size_t i = 0;
	while (i < n && strcmp(text, suffixes[i].name) != 0)
		i++;
	if (i == n)
		return SCALED_MALFORMED;
	unsigned __int128 value = (unsigned __int128)mantissa * suffixes[i].factor;
	for (; decimals; decimals--) {
		if (value % 10)
			return SCALED_NOT_WHOLE;
		value /= 10;
	}
	if (value > limit)
		return SCALED_TOO_LARGE;
	*ret = (uint64_t)value;
	return SCALED_OK;
}

enum assay_code assay_parse_size(const char *text, uint64_t *ret, struct assay_err *err)
{
	static const struct suffix suffixes[] = {
		{"", 1},
		{"B", 1},
		{"Ki", 1ull << 10},
		{"KiB", 1ull << 10},
		{"Mi", 1ull << 20},
		{"MiB", 1ull << 20},
		{"Gi", 1ull << 30},
		{"GiB", 1ull << 30},
		{"Ti", 1ull << 40},
		{"TiB", 1ull << 40},
		{"k", 1000},
		{"kB", 1000},
		{"K", 1000},
		{"KB", 1000},
		{"M", 1000000},
		{"MB", 1000000},
		{"G", 1000000000},
		{"GB", 1000000000},
		{"T", 1000000000000},
		{"TB", 1000000000000},
	};
	switch (parse_scaled(text, suffixes, ASSAY_COUNT_OF(suffixes), MOST_EXACT, ret)) {
	case SCALED_OK:
		return ASSAY_OK;
	case SCALED_NOT_WHOLE:
		return assay_fail(err, ASSAY_EPARSE, "'%.64s' is not a whole number", text);
	case SCALED_TOO_LARGE:
		return assay_fail(err, ASSAY_EPARSE, "'%.64s' is larger than 8192Ti", text);
	case SCALED_MALFORMED:
		break;
	}
	return assay_fail(err, ASSAY_EPARSE,
			  "'%.64s' is not a size (write 4096, 4Ki, 1.5Mi, 64k or 1G)", text);
}

enum assay_code assay_parse_duration(const char *text, uint64_t *ret_ns, struct assay_err *err)
{
	static const struct suffix suffixes[] = {
		{"ns", 1},          {"us", 1000},         {"ms", 1000000},       {"s", 1000000000},
		{"m", 60000000000}, {"h", 3600000000000}, {"d", 86400000000000},
	};
	switch (parse_scaled(text, suffixes, ASSAY_COUNT_OF(suffixes), LONGEST_NS, ret_ns)) {
	case SCALED_OK:
		return ASSAY_OK;
	case SCALED_NOT_WHOLE:
		return assay_fail(err, ASSAY_EPARSE, "'%.64s' is finer than a nanosecond", text);
	case SCALED_TOO_LARGE:
		return assay_fail(err, ASSAY_EPARSE, "'%.64s' is longer than 31 years", text);
	case SCALED_MALFORMED:
		break;
	}
	return assay_fail(err, ASSAY_EPARSE,
			  "'%.64s' is not a duration (write 200ms, 1.5s, 5m, 1h or 30d)", text);
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
					  "'%.64s' is not a list of CPUs (write 0-3,8)", text);
		for (unsigned long cpu = lo; cpu <= hi; cpu++) {
			if (contains(cpus, n, (unsigned)cpu))
				return assay_fail(err, ASSAY_EPARSE,
						  "CPU %lu stands twice in '%.64s'", cpu, text);
			if (n == capacity)
				return assay_fail(err, ASSAY_EPARSE,
						  "'%.64s' names more than %zu CPUs", text,
						  capacity);
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
	static const char *const names[] = {"", "Ki", "Mi", "Gi", "Ti"};
	size_t i = 0;
	while (i + 1 < ASSAY_COUNT_OF(names) && value && value % 1024 == 0) {
		value /= 1024;
		i++;
	}
	snprintf(text, size, "%" PRIu64 "%s", value, names[i]);
	return text;
}

/* Decimals that leave four significant digits of a value in [1, 1000), after rounding. */
static int decimals(double value)
{
	double a = fabs(value);
	return a >= 999.95 ? 0 : a >= 99.995 ? 1 : a >= 9.9995 ? 2 : 3;
}

/* Without a prefix: counts and ratios; a small one keeps three digits, a tiny or a huge one by an exponent. */
static void format_plain(double value, const char *unit, char *text, size_t size)
{
	bool bare = strcmp(unit, "ratio") == 0 || !*unit;
	double a = fabs(value);
	bool tiny = a > 0 && a < 0.0001, huge = a >= 1e15 && isfinite(a);
	if (huge) {
		snprintf(text, size, "%.3e%s%s", value, bare ? "" : " ", bare ? "" : unit);
		return;
	}
	int more = tiny || a == 0 || a >= 0.1 ? 0 : a >= 0.01 ? 1 : a >= 0.001 ? 2 : 3;
	snprintf(text, size, tiny ? "%.*e%s%s" : "%.*f%s%s", decimals(value) + more, value,
		 bare ? "" : " ", bare ? "" : unit);
}

const char *assay_format_value(double value, const char *given, char *text, size_t size)
{
	char unit[64]; /* it may come from somebody's store */
	assay_sanitise(unit, sizeof(unit), given);
	static const char *const prefixes[] = {"p", "n", "u", "m", "", "k", "M", "G", "T", "P"};
	enum { PREFIX_ONE = 4 };
	if (isnan(value)) {
		snprintf(text, size, "-");
		return text;
	}
	bool time = strncmp(unit, "ns", 2) == 0 && (unit[2] == '\0' || unit[2] == '/');
	bool scalable = time || strcmp(unit, "B") == 0 || strcmp(unit, "Hz") == 0 ||
			strchr(unit, '/') != NULL;
	if (!scalable || value == 0 || isinf(value)) {
		format_plain(value, unit, text, size);
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
	double a = fabs(scaled);
	if (a < 0.0995 || a >= 999950) /* beyond all prefixes: zeros, or digits without end */
		snprintf(text, size, "%.3e %s", value, unit);
	else
		snprintf(text, size, "%.*f %s%s", decimals(scaled), scaled, prefixes[prefix],
			 time ? unit + 1 : unit);
	return text;
}
