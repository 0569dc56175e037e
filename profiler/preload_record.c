/* SPDX-License-Identifier: MIT */
/*
 * preload_record: what the libraries that are preloaded share: records in perf_event's layout, appended to
 * a file. Calls nothing but the kernel once it is open, so that handlers and allocators may use it.
 */
#include "profiler/preload_record.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/attr.h"

enum { STACK_BYTES = 8192, MAPS_AGAIN = 1024, PATH_BYTES = 4096 };

#if defined(__x86_64__)
/* perf_event's order of the registers that debuginfo_registers() asks for. */
static const int order[] = {REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI,
			    REG_RBP, REG_RSP, REG_RIP, REG_R8,  REG_R9,  REG_R10,
			    REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
enum { REGISTERS = ASSAY_COUNT_OF(order), POINTER = 7, COUNTER = 8 };
static uint64_t register_of(const ucontext_t *u, int i)
{
	return (uint64_t)u->uc_mcontext.gregs[order[i]];
}
#elif defined(__aarch64__)
enum { REGISTERS = 33, POINTER = 31, COUNTER = 32 };
static uint64_t register_of(const ucontext_t *u, int i)
{
	return i < 31         ? u->uc_mcontext.regs[i]
	       : i == POINTER ? u->uc_mcontext.sp
			      : u->uc_mcontext.pc;
}
#else
enum { REGISTERS = 1, POINTER = 0, COUNTER = 0 };
static uint64_t register_of(const ucontext_t *u, int i)
{
	(void)u, (void)i;
	return 0;
}
#endif

/* As the kernel writes it for IP | TID | TIME | CALLCHAIN | REGS_USER | STACK_USER. */
struct sample {
	struct perf_event_header header;
	uint64_t ip;
	uint32_t pid, tid;
	uint64_t time_ns;
	uint64_t n_chain, chain[2];
	uint64_t abi, registers[REGISTERS];
	uint64_t size;
	uint8_t stack[STACK_BYTES];
	uint64_t used;
};

/* What is behind every record that is no sample. */
struct trailer {
	uint32_t pid, tid;
	uint64_t time_ns;
};

struct map {
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t address, length, offset;
	uint64_t device, inode, generation;
	uint32_t protection, flags;
	char name[PATH_BYTES]; /* as long as needed, to 8 bytes; then the trailer */
};

struct name {
	struct perf_event_header header;
	uint32_t pid, tid;
	char name[16];
	struct trailer trailer;
};

struct fork {
	struct perf_event_header header;
	uint32_t pid, parent, tid, parent_tid;
	uint64_t time_ns;
	struct trailer trailer;
};

/* One process' state; a handler has no other way to it. */
static int file = -1;
static uint64_t began_ns;
static _Atomic unsigned taken;

uint64_t record_now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static struct trailer trailer_now(uint64_t time_ns)
{
	return (struct trailer){(uint32_t)getpid(), (uint32_t)syscall(SYS_gettid), time_ns};
}

/* One record, one write: appended whole or not at all. */
static void append(const void *record, size_t size)
{
	if (write(file, record, size) != (ssize_t)size)
		errno = 0; /* a full disk loses samples, which the reader cannot be told of here */
}

/* Stamped with the beginning, so that samples before it find it too. */
static void append_map(struct map *map, size_t name_bytes)
{
	size_t padded = (name_bytes + 8) & ~(size_t)7;
	struct trailer trailer = trailer_now(began_ns);
	memset(map->name + name_bytes, 0, padded - name_bytes);
	map->header.type = PERF_RECORD_MMAP2;
	map->header.misc = 0;
	size_t head = offsetof(struct map, name) + padded;
	memcpy((char *)map + head, &trailer, sizeof(trailer));
	map->header.size = (uint16_t)(head + sizeof(trailer));
	map->pid = trailer.pid;
	map->tid = trailer.tid;
	append(map, map->header.size);
}

static const char *hex(const char *at, uint64_t *ret)
{
	for (*ret = 0;; at++) {
		int digit = *at >= '0' && *at <= '9'   ? *at - '0'
			    : *at >= 'a' && *at <= 'f' ? *at - 'a' + 10
						       : -1;
		if (digit < 0)
			return at;
		*ret = *ret << 4 | (uint64_t)digit;
	}
}

/* "begin-end rwxp offset dev inode   path" */
static void take_line(const char *line, struct map *map)
{
	uint64_t end;
	const char *at = hex(line, &map->address);
	at = hex(at + 1, &end);
	if (*at != ' ' || at[3] != 'x')
		return;
	map->length = end - map->address;
	map->protection = 4;
	at = hex(at + 6, &map->offset);
	while (*at && *at != '/' && *at != '[')
		at++;
	size_t n = strlen(at);
	if (!n || n > PATH_BYTES - 64)
		return;
	memcpy(map->name, at, n);
	append_map(map, n);
}

/* What is mapped and executable now. Uses no stdio: it runs in a handler. */
static void append_maps(void)
{
	static _Atomic bool busy;
	static char text[2 * PATH_BYTES];
	static struct map map;
	int fd = atomic_exchange(&busy, true) ? -1 : open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	for (ssize_t n; fd >= 0 && (n = read(fd, text + have, sizeof(text) - 1 - have)) > 0;) {
		char *line = text, *end;
		have += (size_t)n;
		text[have] = '\0';
		while ((end = strchr(line, '\n'))) {
			*end = '\0';
			take_line(line, &map);
			line = end + 1;
		}
		have -= (size_t)(line - text);
		memmove(text, line, have);
		if (have == sizeof(text) - 1)
			have = 0; /* no path is that long */
	}
	if (fd >= 0) {
		close(fd);
		atomic_store(&busy, false);
	}
}

static void append_name(void)
{
	struct name name = {.header = {PERF_RECORD_COMM, PERF_RECORD_MISC_COMM_EXEC, sizeof(name)},
			    .trailer = trailer_now(began_ns - 1)};
	name.pid = name.tid = name.trailer.pid;
	prctl(PR_GET_NAME, name.name);
	append(&name, sizeof(name));
}

void record_maps(void)
{
	append_maps();
}

bool record_open(const char *path)
{
	file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (file < 0)
		return false;
	began_ns = record_now_ns();
	append_name();
	append_maps();
	return true;
}

void record_sample(const ucontext_t *u)
{
	struct sample s;
	int before = errno;
	unsigned n = atomic_fetch_add(&taken, 1);
	if (n % MAPS_AGAIN == 0)
		append_maps();
	memset(&s, 0, offsetof(struct sample, stack));
	s.header = (struct perf_event_header){PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER, sizeof(s)};
	s.pid = (uint32_t)getpid();
	s.tid = (uint32_t)syscall(SYS_gettid);
	s.time_ns = record_now_ns();
	s.abi = PERF_SAMPLE_REGS_ABI_64;
	for (int i = 0; i < REGISTERS; i++)
		s.registers[i] = register_of(u, i);
	s.ip = s.registers[COUNTER];
	s.n_chain = 2;
	s.chain[0] = (uint64_t)PERF_CONTEXT_USER;
	s.chain[1] = s.ip;
	s.size = STACK_BYTES;
	/* Through the kernel, which stops at the end of the stack instead of faulting. */
	struct iovec from = {(void *)(uintptr_t)s.registers[POINTER], STACK_BYTES}, /* NOLINT */
		to = {s.stack, STACK_BYTES};
	ssize_t got = process_vm_readv(getpid(), &to, 1, &from, 1, 0);
	s.used = got > 0 ? (uint64_t)got : 0;
	append(&s, sizeof(s));
	errno = before;
}

void record_fork(void)
{
	struct fork record = {.header = {PERF_RECORD_FORK, 0, sizeof(record)}};
	began_ns = record_now_ns();
	record.trailer = trailer_now(began_ns - 1);
	record.pid = record.tid = record.trailer.pid;
	record.parent = record.parent_tid = (uint32_t)getppid();
	record.time_ns = record.trailer.time_ns;
	atomic_store(&taken, 0);
	append(&record, sizeof(record));
}
