/* SPDX-License-Identifier: MIT */
/*
 * collectives: ranks of our own beside Open MPI: one interleaved run of several launches, the ratio taken launch by
 * launch, both bound to the same CPUs. 390625Ki bytes are 100 million floats. Exits 1 when a figure is missed.
 */
#include "tests/bench/ratios.h"

#define OP(bench, size, subject) "scaling/" bench "/size:" size "/subject:" subject "/threads:2"
#define BESIDE_MPI(bench, size, wanted)                                   \
	{                                                                 \
		bench " " size ", shm / openmpi", OP(bench, size, "shm"), \
			{OP(bench, size, "openmpi")}, false, wanted       \
	}

static const struct ratio_figure figures[] = {
	BESIDE_MPI("allreduce", "4", 0),
	BESIDE_MPI("allreduce", "64Ki", 0),
	BESIDE_MPI("allreduce", "1Mi", 1.0 / 3),
	BESIDE_MPI("allreduce", "16Mi", 1.0 / 3),
	BESIDE_MPI("allreduce", "390625Ki", 1.0 / 3),
	{"allreduce of 100 M floats, ns", OP("allreduce", "390625Ki", "shm"), {NULL}, false, 1e8},
	{"allreduce 4, shm / tcp",
	 OP("allreduce", "4", "shm"),
	 {OP("allreduce", "4", "tcp")},
	 false,
	 0},
	{"allreduce 16Mi, shm / tcp",
	 OP("allreduce", "16Mi", "shm"),
	 {OP("allreduce", "16Mi", "tcp")},
	 false,
	 0},
	BESIDE_MPI("broadcast", "1Mi", 0),
	BESIDE_MPI("broadcast", "16Mi", 0),
	BESIDE_MPI("pt2pt", "4", 0),
	BESIDE_MPI("pt2pt", "1Mi", 0),
	BESIDE_MPI("pt2pt", "16Mi", 0),
	{"parameter server 4 MiB, shared memory / Redis",
	 OP("param_server", "4Mi", "params_view"),
	 {OP("param_server", "4Mi", "params_redis")},
	 false,
	 1.0 / 20},
	{"the same with a copy of the parameters",
	 OP("param_server", "4Mi", "params_shm"),
	 {OP("param_server", "4Mi", "params_redis")},
	 false,
	 0},
	{"the bound of memory for that copy, 4 MiB",
	 OP("param_server", "4Mi", "params_bound"),
	 {OP("param_server", "4Mi", "params_redis")},
	 false,
	 0},
	{"parameter server 1 MiB, shared memory / Redis",
	 OP("param_server", "1Mi", "params_shm"),
	 {OP("param_server", "1Mi", "params_redis")},
	 false,
	 0},
	{"parameter server 256 KiB, shared memory / Redis",
	 OP("param_server", "256Ki", "params_shm"),
	 {OP("param_server", "256Ki", "params_redis")},
	 false,
	 1.0 / 20},
	{"parameter server 4 MiB, TCP / Redis",
	 OP("param_server", "4Mi", "params_tcp"),
	 {OP("param_server", "4Mi", "params_redis")},
	 false,
	 0},
	{"barrier, shm / openmpi",
	 "scaling/barrier/subject:shm/threads:2",
	 {"scaling/barrier/subject:openmpi/threads:2"},
	 false,
	 0},
};

static const char *const patterns[] = {
	"-P",
	"size=4,64Ki,256Ki,1Mi,4Mi,16Mi,390625Ki",
	"-P",
	"threads=2",
	"scaling/param_server/size:4Mi",
	"scaling/param_server/size:1Mi",
	"scaling/param_server/size:256Ki",
	"scaling/allreduce",
	"scaling/broadcast",
	"scaling/pt2pt",
	"scaling/barrier",
	NULL,
};

int main(int argc, char **argv)
{
	return ratios_main(patterns, figures, sizeof(figures) / sizeof(figures[0]),
			   argc > 1 ? argv[1] : "5");
}
