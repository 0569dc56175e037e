/* SPDX-License-Identifier: MIT */
/*
 * fakenvrtc: a stand-in for libnvrtc that "compiles" a text to itself behind a line that names the device, which is
 * what fakecuda loads. A text that says undeclared_... is refused with a log, as the real one would.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/attr.h"
#include "suites/gpu/nvrtc.h"

#define FAKE                                 __attribute__((visibility("default")))
#define FAKE_CALL(field, symbol, parameters) FAKE unsigned symbol parameters;
NVRTC_CALLS(FAKE_CALL)

enum { INVALID_OPTION = 5 };

struct _nvrtcProgram {
	char *text;
	char *cubin; /* NULL: not compiled */
	char log[200];
};

FAKE unsigned nvrtcVersion(int *major, int *minor)
{
	*major = 13;
	*minor = 0;
	return NVRTC_OK;
}

static const int archs[] = {75, 80, 86, 90, 100, 120};

FAKE unsigned nvrtcGetNumSupportedArchs(int *count)
{
	*count = (int)ASSAY_COUNT_OF(archs);
	return NVRTC_OK;
}

FAKE unsigned nvrtcGetSupportedArchs(int *ret)
{
	memcpy(ret, archs, sizeof(archs));
	return NVRTC_OK;
}

FAKE unsigned nvrtcCreateProgram(struct _nvrtcProgram **ret, const char *text, const char *name,
				 int n_headers, const char *const *headers,
				 const char *const *include_names)
{
	struct _nvrtcProgram *program = calloc(1, sizeof(*program));
	if (program)
		program->text = strdup(text);
	if (!program || !program->text) {
		free(program);
		return 1;
	}
	*ret = program;
	return NVRTC_OK;
}

FAKE unsigned nvrtcDestroyProgram(struct _nvrtcProgram **program)
{
	free((*program)->text);
	free((*program)->cubin);
	free(*program);
	*program = NULL;
	return NVRTC_OK;
}

FAKE unsigned nvrtcCompileProgram(struct _nvrtcProgram *program, int n, const char *const *options)
{
	static const char wanted[] = "--gpu-architecture=sm_";
	const char *arch = NULL;
	for (int i = 0; i < n; i++)
		if (strncmp(options[i], wanted, sizeof(wanted) - 1) == 0)
			arch = options[i] + sizeof(wanted) - 1;
	if (!arch)
		return INVALID_OPTION;
	const char *wrong = strstr(program->text, "undeclared_");
	if (wrong) {
		snprintf(program->log, sizeof(program->log),
			 "kernel(3): error: identifier \"%.30s\" is undefined\n1 error", wrong);
		return NVRTC_COMPILATION;
	}
	size_t size = strlen(program->text) + 64;
	program->cubin = malloc(size);
	if (!program->cubin)
		return 1;
	snprintf(program->cubin, size, "FAKECUBIN sm_%s\n%s", arch, program->text);
	snprintf(program->log, sizeof(program->log),
		 "ptxas info    : 0 bytes spill stores, 0 bytes spill loads\n"
		 "ptxas info    : Used 32 registers\n");
	return NVRTC_OK;
}

FAKE unsigned nvrtcGetProgramLogSize(struct _nvrtcProgram *program, size_t *size)
{
	*size = strlen(program->log) + 1;
	return NVRTC_OK;
}

FAKE unsigned nvrtcGetProgramLog(struct _nvrtcProgram *program, char *log)
{
	memcpy(log, program->log, strlen(program->log) + 1);
	return NVRTC_OK;
}

FAKE unsigned nvrtcGetCUBINSize(struct _nvrtcProgram *program, size_t *size)
{
	*size = program->cubin ? strlen(program->cubin) + 1 : 0;
	return NVRTC_OK;
}

FAKE unsigned nvrtcGetCUBIN(struct _nvrtcProgram *program, char *cubin)
{
	memcpy(cubin, program->cubin, strlen(program->cubin) + 1);
	return NVRTC_OK;
}
