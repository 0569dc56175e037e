/* SPDX-License-Identifier: MIT */
/*
 * ranks: the helper of subject openmpi, and the one program here that links MPI. Started by mpirun with the number of
 * floats and the CPUs of the ranks: assay-mpi COUNT CPU,CPU,... (-1: anywhere). Rank 0 says "world RANKS DISTINCT", then
 * answers each line "run OP N" with "ok NS" (the slowest rank's time) and each "verify OP SEED" with "ok 0" or
 * "wrong RANK FLOATS", until its input ends. OP is a number of enum comm_op. assay-mpi COUNT join is one of the ranks that
 * somebody else started: each stays on its CPUs, has its own input, and answers for itself.
 */
#include <mpi.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "suites/scaling/comm.h"
#include "suites/scaling/comm_pattern.h"

struct ranks {
	int rank, size;
	bool joined; /* each answers for itself */
	size_t count;
	float *send, *receive;
};

struct order {
	int verb; /* 'r', 'v', or 0 to end */
	int op;
	unsigned long long n;
};

static unsigned long long now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (unsigned long long)t.tv_sec * 1000000000u + (unsigned long long)t.tv_nsec;
}

static void pin(const char *list, int rank)
{
	for (; rank > 0 && list; rank--) {
		list = strchr(list, ',');
		list = list ? list + 1 : NULL;
	}
	char *end;
	long cpu = list ? strtol(list, &end, 10) : -1;
	cpu_set_t set;
	CPU_ZERO(&set);
	if (cpu >= 0 && cpu < CPU_SETSIZE)
		CPU_SET((unsigned)cpu, &set);
	else
		for (unsigned i = 0; i < CPU_SETSIZE; i++)
			CPU_SET(i, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* How many different processes there are. */
static int count_distinct(const struct ranks *r)
{
	struct identity {
		char host[64];
		long pid;
	} mine = {.pid = (long)getpid()};
	gethostname(mine.host, sizeof(mine.host) - 1);
	struct identity *all = calloc((size_t)r->size, sizeof(*all));
	int distinct = 0;
	if (!all)
		return 0;
	MPI_Allgather(&mine, (int)sizeof(mine), MPI_BYTE, all, (int)sizeof(mine), MPI_BYTE,
		      MPI_COMM_WORLD);
	for (int i = 0; i < r->size; i++) {
		int j = 0;
		while (j < i && memcmp(&all[i], &all[j], sizeof(mine)) != 0)
			j++;
		distinct += j == i;
	}
	free(all);
	return distinct;
}

static void do_once(struct ranks *r, int op, unsigned long long i)
{
	int count = (int)r->count;
	switch (op) {
	case COMM_BARRIER:
		MPI_Barrier(MPI_COMM_WORLD);
		break;
	case COMM_BROADCAST:
		MPI_Bcast(r->rank == 0 ? r->send : r->receive, count, MPI_FLOAT, 0, MPI_COMM_WORLD);
		break;
	case COMM_ALLREDUCE:
		MPI_Allreduce(r->send, r->receive, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
		break;
	case COMM_PT2PT:
		if (r->rank == (int)(i % 2))
			MPI_Send(r->send, count, MPI_FLOAT, 1 - r->rank, 0, MPI_COMM_WORLD);
		else if (r->rank < 2)
			MPI_Recv(r->receive, count, MPI_FLOAT, 1 - r->rank, 0, MPI_COMM_WORLD,
				 MPI_STATUS_IGNORE);
		break;
	default:
		break;
	}
}

static unsigned long long timed(struct ranks *r, const struct order *o)
{
	unsigned long long slowest = 0;
	MPI_Barrier(MPI_COMM_WORLD);
	unsigned long long begin = now_ns();
	for (unsigned long long i = 0; i < o->n; i++)
		do_once(r, o->op, i);
	unsigned long long ns = now_ns() - begin;
	if (r->joined && o->op != COMM_PT2PT) /* else some only looked on */
		return ns;
	MPI_Allreduce(&ns, &slowest, 1, MPI_UNSIGNED_LONG_LONG, MPI_MAX, MPI_COMM_WORLD);
	return slowest;
}

static float due(const struct ranks *r, const struct order *o, size_t i)
{
	uint32_t seed = (uint32_t)o->n;
	if (o->op == COMM_ALLREDUCE)
		return comm_summed(seed, (unsigned)r->size, i);
	if (o->op == COMM_BROADCAST && r->rank != 0)
		return comm_sent(seed, 0, i);
	if (o->op == COMM_PT2PT && r->rank < 2)
		return comm_sent(seed, 1 - (unsigned)r->rank, i);
	return -1; /* untouched; the root of a broadcast has what it sent */
}

/* *ret_rank has wrong floats, as many as are returned. */
static unsigned long long verified(struct ranks *r, const struct order *o, int *ret_rank)
{
	for (size_t i = 0; i < r->count; i++) {
		r->send[i] = comm_sent((uint32_t)o->n, (unsigned)r->rank, i);
		r->receive[i] = -1;
	}
	for (unsigned i = 0; i < (o->op == COMM_PT2PT ? 2 : 1); i++)
		do_once(r, o->op, i);
	unsigned long long wrong = 0, *all = calloc((size_t)r->size, sizeof(*all));
	for (size_t i = 0; i < r->count; i++)
		wrong += r->receive[i] != due(r, o, i);
	*ret_rank = r->rank;
	if (r->joined) {
		free(all);
		return wrong;
	}
	MPI_Gather(&wrong, 1, MPI_UNSIGNED_LONG_LONG, all, 1, MPI_UNSIGNED_LONG_LONG, 0,
		   MPI_COMM_WORLD);
	unsigned long long found = all ? 0 : 1;
	for (int i = 0; r->rank == 0 && all && i < r->size && !found; i++) {
		found = all[i];
		*ret_rank = i;
	}
	free(all);
	return found;
}

static struct order read_order(void)
{
	char line[128], verb[16];
	struct order o = {0};
	if (!fgets(line, sizeof(line), stdin) ||
	    sscanf(line, "%15s %d %llu", verb, &o.op, &o.n) != 3 || o.op < 0 || o.op >= COMM_OPS)
		return (struct order){0};
	o.verb = verb[0];
	return o;
}

static void serve(struct ranks *r)
{
	for (;;) {
		struct order o = {0};
		int rank = 0;
		if (r->rank == 0 || r->joined)
			o = read_order();
		if (!r->joined)
			MPI_Bcast(&o, (int)sizeof(o), MPI_BYTE, 0, MPI_COMM_WORLD);
		if (!o.verb)
			return;
		unsigned long long wrong = 0, ns = 0;
		if (o.verb == 'v')
			wrong = verified(r, &o, &rank);
		else
			ns = timed(r, &o);
		bool speaks = r->rank == 0 || r->joined;
		if (speaks && wrong)
			printf("wrong %d %llu\n", rank, wrong);
		else if (speaks)
			printf("ok %llu\n", ns);
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	struct ranks r = {0};
	if (argc != 3) {
		fputs("usage: assay-mpi COUNT CPU,CPU,...; started by assay\n", stderr);
		return 2;
	}
	char *end;
	unsigned long long count = strtoull(argv[1], &end, 10);
	if (*end || count == 0 || count > 0x7fffffffu) {
		fprintf(stderr, "assay-mpi: '%s' is no number of floats\n", argv[1]);
		return 2;
	}
	r.count = (size_t)count;
	r.joined = strcmp(argv[2], "join") == 0;
	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &r.rank);
	MPI_Comm_size(MPI_COMM_WORLD, &r.size);
	if (!r.joined)
		pin(argv[2], r.rank);
	if (posix_memalign((void **)&r.send, 4096, r.count * sizeof(float)) != 0 ||
	    posix_memalign((void **)&r.receive, 4096, r.count * sizeof(float)) != 0) {
		fprintf(stderr, "assay-mpi: no memory for 2 x %zu floats\n", r.count);
		MPI_Abort(MPI_COMM_WORLD, 1);
	}
	memset(r.send, 0, r.count * sizeof(float));
	memset(r.receive, 0, r.count * sizeof(float));
	int distinct = count_distinct(&r);
	if (r.rank == 0 || r.joined)
		printf("world %d %d\n", r.size, distinct);
	fflush(stdout);
	serve(&r);
	free(r.send);
	free(r.receive);
	MPI_Finalize();
	return 0;
}
