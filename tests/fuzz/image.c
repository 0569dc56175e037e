/* SPDX-License-Identifier: MIT */
/* image: ELF files as a target might have mapped them, whole, cut or made up. */
#include "profiler/image.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_err err = {0};
	struct image image;
	uint8_t *bytes = (uint8_t *)fuzz_text(data, size); /* reading past its end is seen */
	uint64_t begin;
	char text[300];
	if (image_read(bytes, size, &image, &err) == ASSAY_OK) {
		for (uint64_t at = 0; at < 0x8000; at += 61) {
			const char *name = image_function(&image, at, &begin);
			must(!name || (begin <= at && strlen(name) < size));
			if (image_begin(&image, at, &begin))
				must(begin <= at || image.n_table > 1);
			image_bias(&image, 0x400000, at, &begin);
			if (image_stub(&image, at, text, sizeof(text)))
				must(strlen(text) < sizeof(text) && strstr(text, "@plt"));
		}
		image_done(&image);
	} else {
		must(err.text[0]);
	}
	free(bytes);
	return 0;
}
