/* SPDX-License-Identifier: MIT */
/* pages: mapping memory, advising the kernel on its pages, and reading back what came of it. */
#include "suites/memory/pages.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SMALL_BYTES    4096
#define FALLBACK_HUGE  ((size_t)2 << 20)
#define HUGE_SIZE_FILE "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"

/* Size of a transparent huge page, 0 when the kernel has none. */
static size_t huge_bytes(void)
{
	unsigned long bytes = 0;
	FILE *file = fopen(HUGE_SIZE_FILE, "re");

	if (!file)
		return 0;
	if (fscanf(file, "%lu", &bytes) != 1)
		bytes = 0;
	fclose(file);
	return bytes;
}

static enum assay_code advise(void *base, size_t bytes, enum pages_kind kind, size_t huge,
			      struct assay_err *err)
{
	if (kind == PAGES_HUGE) {
		if (!huge)
			return assay_fail(
				err, ASSAY_SKIP,
				"this kernel has no transparent huge pages (%s is not there)",
				HUGE_SIZE_FILE);
		if (madvise(base, bytes, MADV_HUGEPAGE) != 0)
			return assay_fail(err, ASSAY_SKIP, "madvise(MADV_HUGEPAGE): %s",
					  strerror(errno));
		return ASSAY_OK;
	}
	long page_bytes = sysconf(_SC_PAGESIZE);
	if (page_bytes != SMALL_BYTES)
		return assay_fail(err, ASSAY_SKIP, "pages are %ld bytes here, not 4 KiB",
				  page_bytes);
	/* Where there are no huge pages the advice is refused, and not needed. */
	if (madvise(base, bytes, MADV_NOHUGEPAGE) != 0 && huge)
		return assay_fail(err, ASSAY_SKIP, "madvise(MADV_NOHUGEPAGE): %s", strerror(errno));
	return ASSAY_OK;
}

enum assay_code pages_map(enum pages_kind kind, size_t bytes, struct pages *ret,
			  struct assay_err *err)
{
	size_t huge = huge_bytes();
	size_t unit = huge ? huge : FALLBACK_HUGE;

	if (bytes == 0 || bytes > SIZE_MAX / 2)
		return assay_fail(err, ASSAY_EUSAGE, "cannot map %zu bytes", bytes);
	bytes = (bytes + unit - 1) / unit * unit;
	char *base = mmap(NULL, bytes + unit, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	if (base == MAP_FAILED)
		return assay_fail(err, ASSAY_ENOMEM, "map %zu bytes: %s", bytes, strerror(errno));
	size_t before = -(uintptr_t)base % unit;
	if (before)
		munmap(base, before);
	munmap(base + before + bytes, unit - before);
	struct pages pages = {base + before, bytes};
	enum assay_code code = advise(pages.base, bytes, kind, huge, err);
	if (code != ASSAY_OK) {
		pages_done(&pages);
		return code;
	}
	*ret = pages;
	return ASSAY_OK;
}

void pages_touch(const struct pages *pages)
{
	volatile char *base = pages->base;

	for (size_t i = 0; i < pages->bytes; i += SMALL_BYTES)
		base[i] = 0;
}

/* Bytes on huge pages in the mappings that overlap [from, to). */
static enum assay_code count_huge(uintptr_t from, uintptr_t to, size_t *ret, struct assay_err *err)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	char line[512];
	bool inside = false;
	size_t total = 0;

	if (!file)
		return assay_fail(err, ASSAY_SKIP,
				  "the kind of pages cannot be confirmed: /proc/self/smaps: %s",
				  strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		unsigned long lo, hi, kib;
		if (sscanf(line, "%lx-%lx ", &lo, &hi) == 2)
			inside = lo < to && hi > from;
		else if (inside && sscanf(line, "AnonHugePages: %lu kB", &kib) == 1)
			total += (size_t)kib * 1024;
	}
	fclose(file);
	*ret = total;
	return ASSAY_OK;
}

enum assay_code pages_confirm(const struct pages *pages, enum pages_kind kind,
			      struct assay_err *err)
{
	uintptr_t from = (uintptr_t)pages->base;
	size_t huge;
	enum assay_code code = count_huge(from, from + pages->bytes, &huge, err);

	if (code != ASSAY_OK)
		return code;
	if (kind == PAGES_HUGE && huge < pages->bytes)
		return assay_fail(err, ASSAY_SKIP,
				  "only %zu of %zu KiB came on huge pages (memory fragmented, or "
				  "/sys/kernel/mm/transparent_hugepage/enabled says never)",
				  huge / 1024, pages->bytes / 1024);
	if (kind == PAGES_4K && huge > 0)
		return assay_fail(err, ASSAY_SKIP, "%zu KiB came on huge pages against the advice",
				  huge / 1024);
	return ASSAY_OK;
}

void pages_done(struct pages *pages)
{
	if (pages->base)
		munmap(pages->base, pages->bytes);
	*pages = (struct pages){0};
}
