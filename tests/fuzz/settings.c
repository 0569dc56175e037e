/* SPDX-License-Identifier: MIT */
/* settings: what a file may set, the command line may set too; and no file upsets the reader. */
#include <sys/mman.h>
#include <unistd.h>

#include "cli/settings.h"
#include "cli/settings_file.h"
#include "tests/fuzz/fuzz.h"

static void read_settings(const char *path)
{
	struct assay_err err = {0};
	struct config *config = NULL;
	must(config_load(&config, &err) == ASSAY_OK);
	if (config_read_file(config, path, NULL, &err) == ASSAY_OK) {
		size_t n, n_again;
		const struct config_setting *settings = config_settings(config, &n);
		for (size_t i = 0; i < n; i++) {
			if (!settings[i].value ||
			    strncmp(settings[i].origin, path, strlen(path)) != 0)
				continue;
			must(strchr(settings[i].origin, ':'));
			char *key = strdup(settings[i].key), *value = strdup(settings[i].value);
			must(key && value);
			must(config_set(config, key, value, "again", &err) == ASSAY_OK);
			free(key);
			free(value);
			settings = config_settings(config, &n_again);
			must(n_again == n);
		}
	} else {
		must(err.text[0] != '\0');
	}
	config_free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("settings", MFD_CLOEXEC);
	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_settings(path);
	close(fd);
	return 0;
}
