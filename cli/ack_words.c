/* SPDX-License-Identifier: MIT */
/* ack_words: limits and ends of acknowledgements as people write and read them. */
#include "cli/ack_words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/base/parse.h"

static const uint64_t default_expiry_ns = UINT64_C(30) * 86400 * 1000000000;

/* "2027-01-31": until that day has ended, in UTC. */
static bool parse_date(const char *text, uint64_t *ret_ns)
{
	struct tm tm = {0}, back;
	const char *end = strptime(text, "%Y-%m-%d", &tm);
	if (!end || *end || strlen(text) != 10)
		return false;
	int day = tm.tm_mday;
	tm.tm_mday++;
	time_t seconds = timegm(&tm);
	time_t before = seconds - 1; /* 31 February is 3 March to timegm() */
	if (seconds <= 0 || !gmtime_r(&before, &back) || back.tm_mday != day)
		return false;
	*ret_ns = (uint64_t)seconds * 1000000000;
	return true;
}

enum assay_code ack_parse_expiry(const char *text, uint64_t now_ns, uint64_t *ret_ns,
				 struct assay_err *err)
{
	uint64_t age = default_expiry_ns;
	*ret_ns = 0;
	if (text && strcmp(text, "never") == 0)
		return ASSAY_OK;
	if (text && parse_date(text, ret_ns))
		return *ret_ns > now_ns
			       ? ASSAY_OK
			       : assay_fail(err, ASSAY_EUSAGE, "--expires %s is in the past", text);
	if (text && (assay_parse_duration(text, &age, NULL) != ASSAY_OK || !age))
		return assay_fail(
			err, ASSAY_EUSAGE,
			"--expires wants 30d, a date such as 2027-01-31, or never, not '%s'", text);
	*ret_ns = now_ns + age;
	return ASSAY_OK;
}

enum assay_code ack_parse_limit(const char *text, enum assay_better better, double *ret,
				struct assay_err *err)
{
	char *end;
	double percent = strtod(text, &end);
	bool rate = better == ASSAY_HIGHER;
	if (end == text || (*end && strcmp(end, "%") != 0) || !isfinite(percent) || percent == 0)
		return assay_fail(err, ASSAY_EUSAGE,
				  "--limit wants per cent such as %s6%%, not '%s'",
				  rate ? "-" : "+", text);
	bool sign = *text == '+' || *text == '-';
	if (sign && (percent < 0) != rate)
		return assay_fail(err, ASSAY_EUSAGE,
				  "--limit %s accepts nothing: %s is better, so worse is %s", text,
				  rate ? "higher" : "lower", rate ? "-6%" : "+6%");
	percent = fabs(percent);
	if (percent < 0.01 || percent > (rate ? 99 : 1000))
		return assay_fail(err, ASSAY_EUSAGE, "--limit %s is no limit: write %s", text,
				  rate ? "-0.01% to -99%" : "+0.01% to +1000%");
	*ret = rate ? 1 / (1 - percent / 100) : 1 + percent / 100;
	return ASSAY_OK;
}

const char *ack_limit(double limit_ratio, enum assay_better better, char *text, size_t size)
{
	double ratio = better == ASSAY_HIGHER ? 1 / limit_ratio : limit_ratio;
	snprintf(text, size, "%+.1f %%", 100 * (ratio - 1));
	return text;
}
