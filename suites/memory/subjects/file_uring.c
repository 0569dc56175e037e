/* SPDX-License-Identifier: MIT */
/* file_uring: io_uring with several reads under way, through plain system calls. */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "suites/memory/memory.h"
#include "suites/memory/scratch_file.h"

enum { DEPTH = 8 };

struct ring {
	int fd;
	char *rings; /* both queues in one mapping */
	size_t ring_bytes;
	struct io_uring_sqe *entries;
	size_t entry_bytes;
	struct io_uring_params p;
	char *buffers; /* DEPTH pieces */
};

static atomic_uint *word(const struct ring *ring, uint32_t offset)
{
	return (atomic_uint *)(void *)(ring->rings + offset);
}

static void ring_done(struct ring *ring)
{
	if (ring->rings)
		munmap(ring->rings, ring->ring_bytes);
	if (ring->entries)
		munmap(ring->entries, ring->entry_bytes);
	if (ring->fd >= 0)
		close(ring->fd);
	free(ring->buffers);
}

static void *map(const struct ring *ring, size_t bytes, off_t what)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd,
			what);

	return at == MAP_FAILED ? NULL : at;
}

static enum assay_code ring_init(struct ring *ring, size_t piece, struct assay_err *err)
{
	*ring = (struct ring){.fd = -1};
	ring->fd = (int)syscall(SYS_io_uring_setup, DEPTH, &ring->p);
	if (ring->fd < 0)
		return assay_fail(err, ASSAY_SKIP, "io_uring_setup: %s", strerror(errno));
	if (!(ring->p.features & IORING_FEAT_SINGLE_MMAP)) {
		close(ring->fd);
		return assay_fail(err, ASSAY_SKIP,
				  "this kernel's io_uring is too old (before 5.4)");
	}
	size_t submissions = ring->p.sq_off.array + ring->p.sq_entries * sizeof(uint32_t);
	size_t completions = ring->p.cq_off.cqes + ring->p.cq_entries * sizeof(struct io_uring_cqe);
	ring->ring_bytes = submissions > completions ? submissions : completions;
	ring->entry_bytes = ring->p.sq_entries * sizeof(struct io_uring_sqe);
	ring->rings = map(ring, ring->ring_bytes, IORING_OFF_SQ_RING);
	ring->entries = map(ring, ring->entry_bytes, IORING_OFF_SQES);
	ring->buffers = aligned_alloc(4096, DEPTH * piece);
	if (ring->rings && ring->entries && ring->buffers)
		return ASSAY_OK;
	ring_done(ring);
	return assay_fail(err, ASSAY_ENOMEM, "no memory for a ring of %d pieces", DEPTH);
}

/* Put one read into the submission queue; its buffer is its number. */
static void submit(struct ring *ring, int file, const struct file_pass *pass, size_t i,
		   unsigned buffer)
{
	atomic_uint *tail = word(ring, ring->p.sq_off.tail);
	unsigned at = atomic_load_explicit(tail, memory_order_relaxed);
	unsigned slot = at & *word(ring, ring->p.sq_off.ring_mask);

	ring->entries[slot] = (struct io_uring_sqe){
		.opcode = IORING_OP_READ,
		.fd = file,
		.addr = (uintptr_t)(ring->buffers + buffer * pass->piece),
		.len = (uint32_t)pass->piece,
		.off = pass->offsets[i],
		.user_data = buffer,
	};
	atomic_store_explicit(word(ring, ring->p.sq_off.array) + slot, slot, memory_order_relaxed);
	atomic_store_explicit(tail, at + 1, memory_order_release);
}

static enum assay_code enter(const struct ring *ring, unsigned n, struct assay_err *err)
{
	while (syscall(SYS_io_uring_enter, ring->fd, n, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		if (errno != EINTR)
			return assay_fail(err, ASSAY_EIO, "io_uring_enter: %s", strerror(errno));
	return ASSAY_OK;
}

/* Add up one finished piece; its buffer is free again. False when none is finished. */
static bool reap(struct ring *ring, const struct file_pass *pass, unsigned *ret_buffer,
		 uint64_t *sum, struct assay_err *err)
{
	atomic_uint *head = word(ring, ring->p.cq_off.head);
	unsigned at = atomic_load_explicit(head, memory_order_relaxed);

	if (at == atomic_load_explicit(word(ring, ring->p.cq_off.tail), memory_order_acquire))
		return false;
	const struct io_uring_cqe *done =
		(const struct io_uring_cqe *)(void *)(ring->rings + ring->p.cq_off.cqes) +
		(at & *word(ring, ring->p.cq_off.ring_mask));
	*ret_buffer = (unsigned)done->user_data;
	if (done->res == (int)pass->piece)
		*sum += scratch_file_sum(ring->buffers + *ret_buffer * pass->piece, pass->piece);
	else
		assay_fail(err, ASSAY_EIO, "read: %s",
			   done->res < 0 ? strerror(-done->res) : "the file ends early");
	atomic_store_explicit(head, at + 1, memory_order_release);
	return true;
}

static enum assay_code read_all(struct ring *ring, int file, const struct file_pass *pass,
				uint64_t *sum, struct assay_err *err)
{
	size_t sent = 0, done = 0;
	unsigned buffer, ready = 0;
	struct assay_err why = {0};

	for (; sent < pass->n && sent < DEPTH; sent++, ready++)
		submit(ring, file, pass, sent, (unsigned)sent);
	while (done < sent) {
		enum assay_code code = enter(ring, ready, err);
		if (code != ASSAY_OK)
			return code;
		/* What is under way writes into the buffers: after an error, wait for the rest. */
		for (ready = 0; reap(ring, pass, &buffer, sum, &why); done++)
			if (sent < pass->n && why.code == ASSAY_OK) {
				submit(ring, file, pass, sent++, buffer);
				ready++;
			}
	}
	return why.code == ASSAY_OK ? ASSAY_OK : assay_fail(err, why.code, "%s", why.text);
}

static enum assay_code pass_uring(const struct file_pass *pass, uint64_t *ret_sum,
				  struct assay_err *err)
{
	struct ring ring;
	enum assay_code code = ring_init(&ring, pass->piece, err);

	if (code != ASSAY_OK)
		return code;
	int file = open(pass->path, O_RDONLY | O_CLOEXEC);
	*ret_sum = 0;
	if (file < 0)
		code = assay_fail(err, ASSAY_EIO, "open %s: %s", pass->path, strerror(errno));
	else
		code = read_all(&ring, file, pass, ret_sum, err);
	if (file >= 0)
		close(file);
	ring_done(&ring);
	return code;
}

static enum assay_code probe(struct assay_err *err)
{
	struct ring ring;
	enum assay_code code = ring_init(&ring, 4096, err);

	if (code == ASSAY_OK)
		ring_done(&ring);
	return code == ASSAY_ENOMEM ? assay_fail(err, ASSAY_SKIP, "no memory for an io_uring")
				    : code;
}

static const struct file_reader ops = {pass_uring};

const struct assay_subject assay_subject_memory_file_uring = {
	.interface = MEMORY_FILE_READER,
	.brief = "io_uring, eight reads under way",
	.ops = &ops,
	.probe = probe,
};
