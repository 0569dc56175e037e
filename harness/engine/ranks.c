/* SPDX-License-Identifier: MIT */
/* ranks: count them, place them, let them begin together, and name whoever does not come. */
#include "harness/engine/ranks.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/clock.h"
#include "harness/base/str.h"
#include "harness/engine/guard.h"
#include "harness/engine/pen.h"
#include "harness/engine/rank_show.h"

enum {
	STRANGERS = 8,   /* who may knock at the door beside the ranks */
	PINGS = 32,      /* of each clock, before and after; the quickest answer counts */
	LEAVE_MS = 5000, /* for the launcher to end when all ranks have */
	LOOK_AGAIN_MS = 200,
};
#define LAGS_BY 1.5 /* times the middle rank: worth a remark */

/* Time is up: who is it that everybody waits for? */
static void blame(struct show *s)
{
	char name[160], when[64];
	double seconds = (double)s->launch->timeout_ns / 1e9;
	size_t known = show_count_known(s), waiting = show_count_waiting(s);
	show_moment(s, when, sizeof(when));
	if (known < s->ranks->n) {
		show_end(s, ASSAY_STATUS_TIMEOUT, "%zu of %u ranks came within %.3g s", known,
			 s->ranks->n, seconds);
		return;
	}
	for (size_t i = 0; i < s->n_peers; i++) {
		const struct peer *p = &s->peers[i];
		if (!p->known || p->waiting || p->ended || !waiting)
			continue;
		show_end(s, ASSAY_STATUS_TIMEOUT,
			 "%s fell silent %s; the others waited for it until %.3g s were over",
			 show_name(p, name, sizeof(name)), when, seconds);
	}
	show_end(s, ASSAY_STATUS_TIMEOUT, "did not end within %.3g s, all ranks being silent %s",
		 seconds, when);
}

static bool interrupted(const struct show *s)
{
	return s->launch->interrupted && *s->launch->interrupted;
}

static int time_left_ms(const struct show *s, int most)
{
	uint64_t now = assay_now_ns();
	if (now >= s->deadline_ns)
		return 0;
	uint64_t left = (s->deadline_ns - now) / 1000000u + 1;
	return left < (uint64_t)most ? (int)left : most;
}

/* Ask one waiting rank for its time; false when it does not answer any more. */
static bool ping(struct show *s, struct peer *p, struct assay_clock_offset *clock,
		 struct assay_err *err)
{
	p->ponged = false;
	uint64_t sent = assay_now_ns();
	if (p->fd < 0 || assay_frame_write(p->fd, ASSAY_FRAME_PING, "", 0, NULL) != ASSAY_OK)
		return false;
	while (!p->ponged && p->fd >= 0 && !s->over) {
		struct pollfd fd = {.fd = p->fd, .events = POLLIN};
		poll(&fd, 1, time_left_ms(s, LOOK_AGAIN_MS));
		uint64_t heard = assay_now_ns();
		if (interrupted(s))
			return false;
		if (show_read(s, p, err) != ASSAY_OK)
			return false;
		if (p->ponged)
			assay_clock_take(clock, sent, p->pong, heard);
		else if (heard >= s->deadline_ns) {
			p->waiting = false; /* it is the one that all wait for */
			return false;
		}
	}
	return p->ponged;
}

static void read_clocks(struct show *s, bool after, struct assay_err *err)
{
	for (size_t i = 0; i < s->n_peers; i++) {
		struct peer *p = &s->peers[i];
		struct assay_rank_part *part = &s->parts[p->who.rank];
		for (int k = 0; p->known && k < PINGS && !s->over; k++)
			if (!ping(s, p, after ? &part->after : &part->before, err))
				return;
	}
}

/* All ranks wait: compare what they came for, look at their clocks when due, and let them go. */
static void meet(struct show *s, struct assay_err *err)
{
	uint64_t most = 0, what = 0;
	for (size_t i = 0, seen = 0; i < s->n_peers; i++) {
		const struct peer *p = &s->peers[i];
		if (!p->known)
			continue;
		if (seen++ && p->meet.what != what) {
			show_end(
				s, ASSAY_STATUS_FAILED,
				"the ranks did not come to the same point: is the work of a batch the "
				"same on all?");
			return;
		}
		what = p->meet.what;
		most = p->meet.brought > most ? p->meet.brought : most;
	}
	bool last = what == MEASURE_MEET_BATCH && most;
	bool counts = what == MEASURE_MEET_BATCH || what == MEASURE_MEET_SIZE;
	if ((counts && s->meetings++ == 0) || last)
		read_clocks(s, last, err);
	if (s->over || show_count_waiting(s) < s->ranks->n)
		return; /* somebody was lost on the way, or fell silent: the clock decides */
	for (size_t i = 0; i < s->n_peers; i++)
		s->peers[i].waiting = false;
	for (size_t i = 0; i < s->n_peers;
	     i++) /* who does not hear it is gone, and found out by reading */
		if (s->peers[i].known && s->peers[i].fd >= 0)
			assay_frame_write(s->peers[i].fd, ASSAY_FRAME_GO, &most, sizeof(most),
					  NULL);
}

static void let_in(struct show *s)
{
	for (int fd; (fd = rank_server_accept(&s->server)) >= 0;) {
		size_t i = 0;
		while (i < s->n_peers && (s->peers[i].fd >= 0 || s->peers[i].known))
			i++;
		if (i == s->capacity) {
			close(fd);
			continue;
		}
		assay_frame_reader_done(&s->peers[i].reader);
		s->peers[i] = (struct peer){.fd = fd};
		s->n_peers += i == s->n_peers;
	}
}

static void wait_for_news(struct show *s, struct pollfd *fds)
{
	nfds_t n = 0;
	fds[n++] = (struct pollfd){.fd = s->server.listener, .events = POLLIN};
	fds[n++] = (struct pollfd){.fd = s->server.output, .events = POLLIN};
	fds[n++] = (struct pollfd){.fd = s->server.leader.exited ? -1 : s->server.exit_fd,
				   .events = POLLIN};
	for (size_t i = 0; i < s->n_peers; i++)
		fds[n++] = (struct pollfd){.fd = s->peers[i].fd, .events = POLLIN};
	poll(fds, n, time_left_ms(s, LOOK_AGAIN_MS));
}

/* The launcher has ended: nobody else will come. */
static enum assay_code launcher_ended(struct show *s, struct assay_err *err)
{
	char words[240];
	size_t known = show_count_known(s);
	int status = s->server.leader.wait_status;
	rank_server_words(&s->server, 0, words, sizeof(words));
	const char *colon = *words ? ": " : "";
	if (WIFSIGNALED(status))
		return assay_fail(
			err, ASSAY_EENV,
			"%u ranks were asked for, %zu came before the launcher was killed by "
			"signal %d%s%s",
			s->ranks->n, known, WTERMSIG(status), colon, words);
	return assay_fail(err, ASSAY_EENV,
			  "%u ranks were asked for, %zu came before the launcher ended with exit "
			  "status %d%s%s",
			  s->ranks->n, known, WEXITSTATUS(status), colon, words);
}

static enum assay_code conduct(struct show *s, struct pollfd *fds, struct assay_err *err)
{
	enum assay_code code = ASSAY_OK;
	while (code == ASSAY_OK && !s->over) {
		if (interrupted(s))
			return assay_fail(err, ASSAY_EINTR, "interrupted");
		if (assay_now_ns() >= s->deadline_ns) {
			blame(s);
			break;
		}
		wait_for_news(s, fds);
		bool had_exited = s->server.leader.exited;
		rank_server_look(&s->server);
		let_in(s);
		for (size_t i = 0; code == ASSAY_OK && i < s->n_peers; i++)
			if (s->peers[i].fd >= 0)
				code = show_read(s, &s->peers[i], err);
		if (code != ASSAY_OK || s->over)
			break;
		if (show_count_ended(s) == s->ranks->n)
			show_end(s, ASSAY_STATUS_OK, "%s", "");
		else if (show_count_waiting(s) == s->ranks->n)
			meet(s, err);
		else if (had_exited && show_count_known(s) < s->ranks->n)
			code = launcher_ended(s, err);
	}
	return code;
}

static enum assay_code start(struct show *s, const struct assay_job *job, struct assay_err *err)
{
	struct assay_argv worker = {0}, environment = {0}, command = {0};
	struct assay_launch launch = *s->launch;
	const struct assay_starter_values values = {
		.assay = s->ranks->program,
		.program = &worker,
		.ranks = s->ranks->n,
		.timeout_ns = s->launch->timeout_ns,
	};
	launch.job = job;
	enum assay_code code = assay_launch_command(&launch, &worker, &environment, err);
	if (code == ASSAY_OK) {
		free(worker.words[0]);
		worker.words[0] = strdup(s->ranks->program);
		if (!worker.words[0])
			code = assay_fail(err, ASSAY_ENOMEM, "out of memory for a command");
	}
	if (code == ASSAY_OK)
		code = assay_starter_fill(&s->ranks->template, &values, &command, err);
	if (code == ASSAY_OK)
		code = rank_server_init(&s->server, s->ranks->near, err);
	s->deadline_ns = assay_now_ns() + s->launch->timeout_ns;
	if (code == ASSAY_OK)
		code = rank_server_spawn(&s->server, &command, &environment, err);
	assay_argv_done(&worker);
	assay_argv_done(&environment);
	assay_argv_done(&command);
	return code;
}

static enum assay_code show_init(struct show *s, struct assay_err *err)
{
	s->server = (struct rank_server){.listener = -1, .exit_fd = -1, .output = -1};
	s->capacity = s->ranks->n + STRANGERS;
	s->peers = calloc(s->capacity, sizeof(*s->peers));
	s->parts = calloc(s->ranks->n, sizeof(*s->parts));
	s->world.ranks = calloc(s->ranks->n, sizeof(*s->world.ranks));
	for (unsigned i = 0; s->parts && i < s->ranks->n; i++)
		assay_collect_begin(&s->parts[i].collect);
	if (!s->peers || !s->parts || !s->world.ranks)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for %u ranks", s->ranks->n);
	return ASSAY_OK;
}

static void show_done(struct show *s)
{
	for (size_t i = 0; i < s->n_peers; i++) {
		if (s->peers[i].fd >= 0)
			close(s->peers[i].fd);
		assay_frame_reader_done(&s->peers[i].reader);
	}
	for (unsigned i = 0; s->parts && i < s->ranks->n; i++)
		assay_rank_part_done(&s->parts[i]);
	free(s->peers);
	free(s->parts);
	assay_world_done(&s->world);
}

/* Start, conduct, clear away. The outcome is filled in unless an error says that there was no launch. */
static enum assay_code perform(struct show *s, const struct assay_job *job, struct assay_err *err)
{
	uint64_t refusals = assay_pen_refusals();
	struct pollfd *fds = calloc(s->capacity + 3, sizeof(*fds));
	enum assay_code code =
		fds ? start(s, job, err) : assay_fail(err, ASSAY_ENOMEM, "out of memory for ranks");
	if (code == ASSAY_OK)
		code = conduct(s, fds, err);
	free(fds);
	bool well = code == ASSAY_OK && s->outcome->status == ASSAY_STATUS_OK;
	if (rank_server_done(&s->server, well ? LEAVE_MS : 0) > 0 && well) {
		s->over = false;
		show_end(s, ASSAY_STATUS_FAILED, "some of its processes could not be killed");
	}
	if (s->outcome->reason[0])
		assay_pen_explain(refusals, s->outcome->reason, sizeof(s->outcome->reason));
	return code;
}

enum assay_code assay_ranks_call(struct assay_ranks *ranks, const struct assay_launch *launch,
				 struct assay_err *err)
{
	struct assay_outcome outcome = {0};
	struct show s = {.ranks = ranks, .launch = launch, .roll_call = true, .outcome = &outcome};
	const struct assay_job job = {
		.ranks = ranks->n,
		.roll_call = true,
		.timeout_ns = launch->timeout_ns,
	};
	enum assay_code code = assay_guard_start(err);
	if (code == ASSAY_OK)
		code = show_init(&s, err);
	if (code == ASSAY_OK)
		code = perform(&s, &job, err);
	if (code == ASSAY_OK && outcome.status != ASSAY_STATUS_OK)
		code = assay_fail(err, ASSAY_EENV, "%.360s", outcome.reason);
	if (code == ASSAY_OK && show_count_bound(&s) != ranks->n)
		code = assay_fail(err, ASSAY_EENV, "%zu of %u ranks said where they run",
				  show_count_bound(&s), ranks->n);
	if (code == ASSAY_OK) {
		assay_world_done(&ranks->world);
		ranks->world = s.world;
		s.world = (struct assay_world){0};
	}
	show_done(&s);
	return code == ASSAY_OK || code == ASSAY_EINTR
		       ? code
		       : assay_context(err, code, "launcher %s", ranks->launcher);
}

static void remark(const struct show *s, const struct assay_rank_merged *merged, char text[256])
{
	const struct assay_rank *r = &s->world.ranks[merged->slowest];
	text[0] = '\0';
	if (merged->imbalance < LAGS_BY)
		return;
	snprintf(text, 256,
		 "rank %u on %.64s lags: the slowest of %u in %zu of %zu batches, which take %.3g "
		 "times as long as the middle rank's",
		 merged->slowest, r->host, s->world.n, merged->times, merged->batches,
		 merged->imbalance);
}

enum assay_code assay_ranks_run(const struct assay_ranks *ranks, const struct assay_launch *launch,
				struct assay_collect *into, struct assay_outcome *ret,
				char ret_remark[256], struct assay_err *err)
{
	struct show s = {.ranks = ranks, .launch = launch, .outcome = ret};
	struct assay_job job = *launch->job;
	struct assay_rank_merged merged;
	struct assay_err why = {0};
	job.ranks = ranks->n;
	job.spans = true;
	job.cpus = NULL; /* each rank takes its own */
	job.n_cpus = 0;
	job.events = NULL; /* no pass that only some of the ranks would be in */
	job.timeout_ns = launch->timeout_ns;
	*ret = (struct assay_outcome){0};
	ret_remark[0] = '\0';
	enum assay_code code = show_init(&s, err);
	if (code == ASSAY_OK)
		code = perform(&s, &job, err);
	if (code == ASSAY_OK && ret->status == ASSAY_STATUS_OK) {
		enum assay_code merging = assay_rank_merge(s.parts, ranks->n, into, &merged, &why);
		if (merging == ASSAY_OK)
			remark(&s, &merged, ret_remark);
		s.over = false;
		if (merging != ASSAY_OK)
			show_end(&s, ASSAY_STATUS_FAILED, "%s", why.text);
	}
	show_done(&s);
	return code;
}

void assay_ranks_done(struct assay_ranks *ranks)
{
	assay_argv_done(&ranks->template);
	assay_world_done(&ranks->world);
}
