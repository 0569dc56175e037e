/* SPDX-License-Identifier: MIT */
/* rank_show: what ranks say, taken in one by one, and who said it. */
#include "harness/engine/rank_show.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/base/str.h"

enum { WORDS_MS = 1000, RECORD_LIMIT_BYTES = 64 * 1024 * 1024 };

void show_end(struct show *s, enum assay_status status, const char *fmt, ...)
{
	va_list args;
	if (s->over)
		return;
	va_start(args, fmt);
	vsnprintf(s->outcome->reason, sizeof(s->outcome->reason), fmt, args);
	va_end(args);
	s->outcome->status = status;
	s->over = true;
}

const char *show_name(const struct peer *p, char *text, size_t size)
{
	char host[sizeof(p->who.host)];
	assay_sanitise(host, sizeof(host), p->who.host);
	snprintf(text, size, "rank %d (process %lld on %s)", p->who.rank, (long long)p->who.pid,
		 host);
	return text;
}

const char *show_moment(const struct show *s, char *text, size_t size)
{
	if (s->meetings < 3)
		snprintf(text, size, "before its first batch");
	else
		snprintf(text, size, "after batch %zu", s->meetings - 2);
	return text;
}

size_t show_count_known(const struct show *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n_peers; i++)
		n += s->peers[i].known;
	return n;
}

size_t show_count_bound(const struct show *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n_peers; i++)
		n += s->peers[i].bound;
	return n;
}

size_t show_count_waiting(const struct show *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n_peers; i++)
		n += s->peers[i].waiting;
	return n;
}

size_t show_count_ended(const struct show *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n_peers; i++)
		n += s->peers[i].ended;
	return n;
}

/* All have come: are they who they should be? Then each learns its place. */
static enum assay_code place_all(struct show *s, struct assay_err *err)
{
	unsigned n = s->ranks->n;
	s->world.n = 0;
	for (size_t i = 0; i < s->n_peers && s->world.n < n; i++)
		if (s->peers[i].known)
			s->world.ranks[s->world.n++] = s->peers[i].who;
	enum assay_code code = assay_world_check(&s->world, n, err);
	if (code == ASSAY_OK && !s->roll_call)
		code = assay_world_same(&s->ranks->world, &s->world, err);
	bool bind = strcmp(s->ranks->bind, "cores") == 0;
	if (code == ASSAY_OK && bind)
		code = assay_world_can_bind(&s->world, err);
	if (code != ASSAY_OK)
		return code;
	assay_world_name_binding(&s->world, s->ranks->bind);
	for (size_t i = 0; i < s->n_peers; i++) {
		const struct peer *p = &s->peers[i];
		if (!p->known || p->fd < 0)
			continue;
		const struct assay_rank *r = &s->world.ranks[p->who.rank];
		const struct assay_place_frame place = {
			.local_rank = r->local_rank,
			.on_host = r->on_host,
			.own_cpus = r->own_cpus,
			.bind = bind,
		};
		assay_frame_write(p->fd, ASSAY_FRAME_PLACE, &place, sizeof(place), NULL);
	}
	return ASSAY_OK;
}

#define TAKE_TEXT(to, from)                             \
	do {                                            \
		(from)[sizeof(from) - 1] = '\0';        \
		assay_sanitise(to, sizeof(to), (from)); \
	} while (0)

static enum assay_code take_rank(struct show *s, struct peer *p, const void *payload,
				 struct assay_err *err)
{
	struct assay_rank_frame frame;
	memcpy(&frame, payload, sizeof(frame));
	frame.key[sizeof(frame.key) - 1] = '\0';
	if (p->known || strcmp(frame.key, s->server.key) != 0) {
		close(p->fd); /* not one of ours: nobody it could be named after */
		p->fd = -1;
		return ASSAY_OK;
	}
	p->known = true;
	p->who = (struct assay_rank){
		.rank = frame.rank,
		.size = frame.size,
		.local = frame.local,
		.pid = frame.pid,
		.n_allowed = frame.n_allowed,
	};
	TAKE_TEXT(p->who.version, frame.version);
	TAKE_TEXT(p->who.host, frame.host);
	TAKE_TEXT(p->who.boot, frame.boot);
	TAKE_TEXT(p->who.allowed, frame.allowed);
	/* One that does not fit is refused at once: perhaps no other ever comes. */
	struct assay_world alone = {.ranks = &p->who, .n = 1};
	struct assay_err why = {0};
	bool fits = p->who.rank >= 0 && p->who.size == (int)s->ranks->n &&
		    (unsigned)p->who.rank < s->ranks->n;
	if (!fits && assay_world_check(&alone, s->ranks->n, &why) != ASSAY_OK)
		return assay_fail(err, ASSAY_EENV, "%s", why.text);
	if (show_count_known(s) < s->ranks->n)
		return ASSAY_OK;
	return place_all(s, err);
}

static void take_bound(struct show *s, struct peer *p, const void *payload)
{
	struct assay_bound_frame frame;
	memcpy(&frame, payload, sizeof(frame));
	TAKE_TEXT(p->who.bound, frame.bound);
	memcpy(s->world.ranks[p->who.rank].bound, p->who.bound, sizeof(p->who.bound));
	p->bound = frame.code == ASSAY_OK; /* else its status says why not */
}

static enum assay_code take_result(struct show *s, struct peer *p, enum assay_frame_type type,
				   const void *payload, size_t length, struct assay_err *err)
{
	struct assay_rank_part *part = &s->parts[p->who.rank];
	if (type != ASSAY_FRAME_SPAN)
		return assay_collect_record(&part->collect, type, payload, length, err);
	if (length != sizeof(*part->spans))
		return assay_fail(err, ASSAY_EPARSE, "a record of the worker makes no sense");
	if (part->n_spans == part->capacity) {
		size_t capacity = part->capacity ? 2 * part->capacity : 64;
		struct assay_span_frame *grown =
			realloc(part->spans, capacity * sizeof(*part->spans));
		if (!grown)
			return assay_fail(err, ASSAY_ENOMEM, "out of memory for samples");
		part->spans = grown;
		part->capacity = capacity;
	}
	memcpy(&part->spans[part->n_spans++], payload, length);
	return ASSAY_OK;
}

/* Is there a rank whose connection has ended without a last word? */
static struct peer *look_for_dead(struct show *s)
{
	for (size_t i = 0; i < s->n_peers; i++) {
		struct peer *p = &s->peers[i];
		char byte;
		if (p->known && !p->ended && p->fd >= 0 &&
		    recv(p->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
			return p;
	}
	return NULL;
}

/* Whoever misses a rank that died may say so before we hear of it ourselves: the kernel closes one socket after another. */
static struct peer *find_dead(struct show *s)
{
	enum { TRIES = 30, PAUSE_US = 10000 };
	struct peer *dead = look_for_dead(s);
	for (int i = 0; i < TRIES && !dead; i++) {
		usleep(PAUSE_US);
		dead = look_for_dead(s);
	}
	return dead;
}

/* A connection ended: well after the last word, and otherwise that is the end of the launch. */
static void lose(struct show *s, struct peer *p)
{
	char name[160], when[64], words[240];
	close(p->fd);
	p->fd = -1;
	if (!p->known || p->ended || s->over)
		return;
	rank_server_words(&s->server, WORDS_MS, words, sizeof(words));
	show_end(s, ASSAY_STATUS_CRASHED, "%s went away %s%s%s", show_name(p, name, sizeof(name)),
		 show_moment(s, when, sizeof(when)), *words ? ": " : "", words);
}

static void take_status(struct show *s, struct peer *p, const void *payload)
{
	char name[160], reason[sizeof(p->status.reason)];
	memcpy(&p->status, payload, sizeof(p->status));
	TAKE_TEXT(reason, p->status.reason);
	p->ended = true;
	struct peer *dead = p->status.status == ASSAY_STATUS_FAILED ? find_dead(s) : NULL;
	if (dead)
		lose(s, dead);
	if (p->status.status > ASSAY_STATUS_UNSTABLE)
		show_end(s, ASSAY_STATUS_FAILED, "%s says nonsense",
			 show_name(p, name, sizeof(name)));
	else if (p->status.status != ASSAY_STATUS_OK)
		show_end(s, (enum assay_status)p->status.status, "%s: %.300s",
			 show_name(p, name, sizeof(name)), reason);
}

static enum assay_code take(struct show *s, struct peer *p, enum assay_frame_type type,
			    const void *payload, size_t length, struct assay_err *err)
{
	static const size_t sizes[] = {
		[ASSAY_FRAME_STATUS] = sizeof(struct assay_status_frame),
		[ASSAY_FRAME_RANK] = sizeof(struct assay_rank_frame),
		[ASSAY_FRAME_BOUND] = sizeof(struct assay_bound_frame),
		[ASSAY_FRAME_PONG] = sizeof(uint64_t),
		[ASSAY_FRAME_MEET] = sizeof(struct assay_meet_frame),
		[ASSAY_FRAME_GO] = SIZE_MAX, /* ours to say */
		[ASSAY_FRAME_PLACE] = SIZE_MAX,
		[ASSAY_FRAME_PING] = SIZE_MAX,
	};
	bool early = type != ASSAY_FRAME_RANK && (!p->known || !s->world.hosts);
	if (early || p->ended || (type >= ASSAY_FRAME_STATUS && length != sizes[type]))
		return assay_fail(err, ASSAY_EPARSE, "it does not keep to the protocol");
	switch (type) {
	case ASSAY_FRAME_RANK:
		return take_rank(s, p, payload, err);
	case ASSAY_FRAME_BOUND:
		take_bound(s, p, payload);
		return ASSAY_OK;
	case ASSAY_FRAME_PONG:
		memcpy(&p->pong, payload, sizeof(p->pong));
		p->ponged = true;
		return ASSAY_OK;
	case ASSAY_FRAME_MEET:
		memcpy(&p->meet, payload, sizeof(p->meet));
		p->waiting = true;
		return ASSAY_OK;
	case ASSAY_FRAME_STATUS:
		take_status(s, p, payload);
		return ASSAY_OK;
	default:
		return take_result(s, p, type, payload, length, err);
	}
}

enum assay_code show_read(struct show *s, struct peer *p, struct assay_err *err)
{
	char bytes[16384], name[160];
	struct assay_err why = {0};
	ssize_t n = recv(p->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return ASSAY_OK;
	if (n <= 0) {
		lose(s, p);
		return ASSAY_OK;
	}
	p->bytes += (uint64_t)n;
	enum assay_code code = assay_frame_feed(&p->reader, bytes, (size_t)n, &why);
	if (p->bytes > RECORD_LIMIT_BYTES)
		code = assay_fail(&why, ASSAY_EPARSE, "it flooded its records");
	while (code == ASSAY_OK && p->fd >= 0) {
		enum assay_frame_type type;
		const void *payload;
		size_t length;
		if (!assay_frame_next(&p->reader, &type, &payload, &length, &code, &why))
			break;
		code = take(s, p, type, payload, length, &why);
	}
	if (code == ASSAY_EENV)
		return assay_fail(err, code, "%s", why.text);
	if (code != ASSAY_OK && !p->known) { /* some other program's connection */
		close(p->fd);
		p->fd = -1;
	} else if (code != ASSAY_OK) {
		show_end(s, ASSAY_STATUS_FAILED, "%s: %s", show_name(p, name, sizeof(name)),
			 why.text);
	}
	return ASSAY_OK;
}
