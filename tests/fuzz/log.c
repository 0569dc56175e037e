/* SPDX-License-Identifier: MIT */
/* log: whatever is in the file, opening it ends, and what is given out was put by somebody. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "suites/cache/log.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_err err = {0};
	struct log *log = NULL;
	char path[64];
	int fd = memfd_create("log", MFD_CLOEXEC);
	must(fd >= 0);
	must(write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct log_config config = {path, 8, 64, 1 << 20};
	if (log_open(&config, &log, &err) == ASSAY_OK) {
		uint64_t value = 77, got = 0;
		must(log_values(log) <= 64 && log_bytes(log) <= 1 << 20);
		must(log_damaged(log) <= size);
		if (log_values(log) < 64) {
			must(log_put(log, 5, &value, &err) == ASSAY_OK);
			must(log_get(log, 5, &got, &err) == ASSAY_OK && got == value);
			must(log_sync(log, 1, &err) == ASSAY_OK);
		}
		/* Keys of the input too: their values are whole, or damaged, or not there. */
		for (uint64_t key = 0; key < 16; key++)
			if (log_get(log, key, &got, &err) == ASSAY_ECHECK)
				must(err.text[0]);
		log_close(log);
	} else {
		must(err.text[0] != '\0' && !log);
	}
	close(fd);
	return 0;
}
