/* SPDX-License-Identifier: MIT */
/* wire_io: the inside of a wire, for those who speak a protocol over it. */
#ifndef ASSAY_SUITES_REMOTE_WIRE_IO_H
#define ASSAY_SUITES_REMOTE_WIRE_IO_H

#include "suites/remote/wire.h"

struct wire {
	int fd;
	char *in; /* bytes from `in_at` to `in_end` wait to be read */
	size_t in_at, in_end;
	char *out;
	size_t out_n, out_capacity;
	unsigned deadline_ms;
	uint64_t until_ns; /* of the call at hand */
	struct assay_err err;
	void *reader; /* a protocol's own, freed by `free_reader`, which may be NULL */
	void (*free_reader)(void *reader);
};

/* Note why the wire is broken from now on, unless it was before. False. */
bool wire_broken(struct wire *wire, const char *what);
/* A call begins, and with it its time. False when the wire is broken. */
bool wire_begin(struct wire *wire);
/* Add to what is to be sent; then send all of it. */
void wire_put(struct wire *wire, const void *bytes, size_t n);
bool wire_flush(struct wire *wire);
/* Wait for more bytes; those that wait already are moved to the front. */
bool wire_receive(struct wire *wire);

#endif
