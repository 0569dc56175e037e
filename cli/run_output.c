/* SPDX-License-Identifier: MIT */
/* run_output: progress for people, events for machines. */
#include "cli/run_output.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/base/json.h"
#include "harness/base/parse.h"
#include "harness/base/str.h"
#include "harness/result_json.h"

static int terminal_width(void)
{
	struct winsize size;
	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

void run_output_clear(struct run_output *output)
{
	if (!output->line_open)
		return;
	fputs("\r\033[K", stderr);
	output->line_open = false;
}

static void describe(const struct assay_result *r, char *text, size_t size)
{
	char value[40], half[24] = "";
	if (!assay_status_measured(r->status)) {
		snprintf(text, size, "%s: %s", assay_status_name(r->status), r->reason);
		return;
	}
	const struct assay_estimate *e = &r->estimate;
	double share = assay_plus_minus(e->median, e->lo, e->hi);
	if (isfinite(share))
		snprintf(half, sizeof(half), " ±%.1f %%", 100 * share);
	assay_format_value(e->median, r->metric.unit, value, sizeof(value));
	snprintf(text, size, "%s%s%s%s", value, half,
		 r->status == ASSAY_STATUS_UNSTABLE ? "  unstable: " : "",
		 r->status == ASSAY_STATUS_UNSTABLE ? r->reason : "");
}

enum assay_code run_output_result(struct run_output *output, const struct assay_result *r,
				  struct assay_err *err)
{
	if (r->primary) {
		output->cases_done++;
		output->by_status[r->status]++;
	}
	const struct cli *cli = output->cli;
	bool bad = r->status == ASSAY_STATUS_FAILED || r->status == ASSAY_STATUS_CRASHED ||
		   r->status == ASSAY_STATUS_TIMEOUT;
	if (r->primary && !cli->quiet && (!cli->tty_err || cli->verbose || bad)) {
		char text[700], clean[700];
		run_output_clear(output);
		describe(r, text, sizeof(text));
		assay_sanitise(clean, sizeof(clean), text);
		fprintf(stderr, "[%*zu/%zu] %s  %s\n", output->cases_total > 99 ? 3 : 2,
			output->cases_done, output->cases_total, r->name, clean);
	}
	if (!cli->json)
		return ASSAY_OK;
	json_t *event = assay_result_json(r, cli->verbose > 0);
	json_object_set_new(event, "run", json_integer(output->run));
	return assay_json_line(event, cli->json, err);
}

void run_output_progress(struct run_output *output, const struct assay_progress *p)
{
	if (output->cli->quiet || !p->name)
		return;
	char left[32], clock[24], line[512];
	eta_step(output->eta, p->name);
	eta_clock(eta_left_ns(output->eta, p->elapsed_ns), clock, sizeof(clock));
	if (!output->cli->tty_err) {
		if (p->elapsed_ns - output->heartbeat_ns < CLI_HEARTBEAT_NS)
			return;
		output->heartbeat_ns = p->elapsed_ns;
		cli_note(output->cli, "%zu of %zu launches done, about %s left, now %s",
			 p->launches_done, p->launches_total, clock, p->name);
		return;
	}
	snprintf(left, sizeof(left), "%s left", clock);
	snprintf(line, sizeof(line), "[%3zu/%zu] %-12s %s", p->launches_done, p->launches_total,
		 left, p->name);
	fprintf(stderr, "\r\033[K%.*s", terminal_width() - 1, line);
	fflush(stderr);
	output->line_open = true;
}
