/* SPDX-License-Identifier: MIT */
/* budget_unit: a table of prefixes for each quantity. */
#include "harness/gate/budget_unit.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/parse.h"
#include "harness/base/str.h"

/* Everything that may be written, so that the nearest can be named. */
static const struct known {
	const char *text;
	enum assay_quantity quantity;
	double factor;
} known[] = {
	{"", ASSAY_QUANTITY_NUMBER, 1},
	{"ratio", ASSAY_QUANTITY_NUMBER, 1},
	{"x", ASSAY_QUANTITY_NUMBER, 1},
	{"%", ASSAY_QUANTITY_NUMBER, 0.01},
	{"ns", ASSAY_QUANTITY_TIME, 1},
	{"us", ASSAY_QUANTITY_TIME, 1e3},
	{"ms", ASSAY_QUANTITY_TIME, 1e6},
	{"s", ASSAY_QUANTITY_TIME, 1e9},
	{"ns/op", ASSAY_QUANTITY_TIME, 1},
	{"us/op", ASSAY_QUANTITY_TIME, 1e3},
	{"ms/op", ASSAY_QUANTITY_TIME, 1e6},
	{"s/op", ASSAY_QUANTITY_TIME, 1e9},
	{"op/s", ASSAY_QUANTITY_RATE, 1},
	{"kop/s", ASSAY_QUANTITY_RATE, 1e3},
	{"Mop/s", ASSAY_QUANTITY_RATE, 1e6},
	{"Gop/s", ASSAY_QUANTITY_RATE, 1e9},
	{"ops/s", ASSAY_QUANTITY_RATE, 1},
	{"kops/s", ASSAY_QUANTITY_RATE, 1e3},
	{"Mops/s", ASSAY_QUANTITY_RATE, 1e6},
	{"Gops/s", ASSAY_QUANTITY_RATE, 1e9},
	{"B", ASSAY_QUANTITY_BYTES, 1},
	{"kB", ASSAY_QUANTITY_BYTES, 1e3},
	{"MB", ASSAY_QUANTITY_BYTES, 1e6},
	{"GB", ASSAY_QUANTITY_BYTES, 1e9},
	{"TB", ASSAY_QUANTITY_BYTES, 1e12},
	{"KiB", ASSAY_QUANTITY_BYTES, 0x1p10},
	{"MiB", ASSAY_QUANTITY_BYTES, 0x1p20},
	{"GiB", ASSAY_QUANTITY_BYTES, 0x1p30},
	{"TiB", ASSAY_QUANTITY_BYTES, 0x1p40},
	{"B/s", ASSAY_QUANTITY_BANDWIDTH, 1},
	{"kB/s", ASSAY_QUANTITY_BANDWIDTH, 1e3},
	{"MB/s", ASSAY_QUANTITY_BANDWIDTH, 1e6},
	{"GB/s", ASSAY_QUANTITY_BANDWIDTH, 1e9},
	{"TB/s", ASSAY_QUANTITY_BANDWIDTH, 1e12},
	{"KiB/s", ASSAY_QUANTITY_BANDWIDTH, 0x1p10},
	{"MiB/s", ASSAY_QUANTITY_BANDWIDTH, 0x1p20},
	{"GiB/s", ASSAY_QUANTITY_BANDWIDTH, 0x1p30},
	{"TiB/s", ASSAY_QUANTITY_BANDWIDTH, 0x1p40},
	{"flop/s", ASSAY_QUANTITY_ARITHMETIC, 1},
	{"kflop/s", ASSAY_QUANTITY_ARITHMETIC, 1e3},
	{"Mflop/s", ASSAY_QUANTITY_ARITHMETIC, 1e6},
	{"Gflop/s", ASSAY_QUANTITY_ARITHMETIC, 1e9},
	{"Tflop/s", ASSAY_QUANTITY_ARITHMETIC, 1e12},
	{"Hz", ASSAY_QUANTITY_FREQUENCY, 1},
	{"kHz", ASSAY_QUANTITY_FREQUENCY, 1e3},
	{"MHz", ASSAY_QUANTITY_FREQUENCY, 1e6},
	{"GHz", ASSAY_QUANTITY_FREQUENCY, 1e9},
};

static const char *const bases[ASSAY_QUANTITY_OTHER] = {
	[ASSAY_QUANTITY_NUMBER] = "ratio",  [ASSAY_QUANTITY_TIME] = "ns",
	[ASSAY_QUANTITY_RATE] = "op/s",     [ASSAY_QUANTITY_BYTES] = "B",
	[ASSAY_QUANTITY_BANDWIDTH] = "B/s", [ASSAY_QUANTITY_ARITHMETIC] = "flop/s",
	[ASSAY_QUANTITY_FREQUENCY] = "Hz",
};

enum assay_code assay_unit_parse(const char *text, struct assay_unit *ret, struct assay_err *err)
{
	text = text ? text : "";
	*ret = (struct assay_unit){.quantity = ASSAY_QUANTITY_OTHER, .factor = 1};
	for (const char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			return assay_fail(err, ASSAY_EUSAGE, "'%.40s' is no unit", text);
	if (!assay_copy(ret->text, sizeof(ret->text), text))
		return assay_fail(err, ASSAY_EUSAGE, "'%.40s' is no unit", text);
	for (size_t i = 0; i < ASSAY_COUNT_OF(known); i++) {
		if (strcmp(known[i].text, text) != 0)
			continue;
		ret->quantity = known[i].quantity;
		ret->factor = known[i].factor;
		ret->base = bases[known[i].quantity];
	}
	return ASSAY_OK;
}

bool assay_unit_fits(const struct assay_unit *metric, const struct assay_unit *bound,
		     bool *ret_inverse)
{
	enum assay_quantity m = metric->quantity, b = bound->quantity;
	*ret_inverse = (m == ASSAY_QUANTITY_TIME && b == ASSAY_QUANTITY_RATE) ||
		       (m == ASSAY_QUANTITY_RATE && b == ASSAY_QUANTITY_TIME);
	if (m == ASSAY_QUANTITY_OTHER || b == ASSAY_QUANTITY_OTHER)
		return m == b && strcmp(metric->text, bound->text) == 0;
	return m == b || *ret_inverse;
}

double assay_unit_convert(const struct assay_unit *metric, const struct assay_unit *bound,
			  double value)
{
	bool inverse;
	if (!assay_unit_fits(metric, bound, &inverse))
		return NAN;
	return inverse ? 1e9 / value : value;
}

const char *assay_unit_nearest(const char *text)
{
	const char *names[ASSAY_COUNT_OF(known)];
	for (size_t i = 1; i < ASSAY_COUNT_OF(known); i++)
		names[i - 1] = known[i].text;
	return assay_nearest(text, names, ASSAY_COUNT_OF(known) - 1);
}

const char *assay_unit_format(const struct assay_unit *unit, double value, char *text, size_t size)
{
	if (strcmp(unit->text, "%") == 0) {
		char number[32];
		assay_format_value(100 * value, "ratio", number, sizeof(number));
		snprintf(text, size, "%s %%", number);
		return text;
	}
	return assay_format_value(value, unit->base ? unit->base : unit->text, text, size);
}
