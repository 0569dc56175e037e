/* SPDX-License-Identifier: MIT */
/* policy: whatever file --policy names, the margins that come of it make sense, or a sentence says where not. */
#include <math.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/gate_policy.h"
#include "tests/fuzz/fuzz.h"

static void check(struct gate_policy *policy)
{
	static const char *const names[] = {"memory/alloc_pair/size:64/threads:1", "a/b/threads:1"};
	for (size_t i = 0; i < 2; i++) {
		struct assay_gate_policy p = gate_policy_for(policy, names[i]);
		must(isfinite(p.m0) && isfinite(p.m1) && p.m0 >= 0 && p.m1 > p.m0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct cli_option option = {"policy", 0, "FILE", ""};
	int fd = memfd_create("policy", MFD_CLOEXEC);
	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct cli_given given = {&option, path};
	struct cli_args args = {.given = &given, .n_given = 1};
	struct assay_err err = {0};
	struct gate_policy policy = {0};
	if (gate_policy_read(&args, &policy, &err) == ASSAY_OK)
		check(&policy);
	else
		must(err.text[0]);
	gate_policy_done(&policy);
	close(fd);
	return 0;
}
