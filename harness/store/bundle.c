/* SPDX-License-Identifier: MIT */
/* bundle: one run in a file of its own, and the digest at its end. */
#include <errno.h>
#include <fcntl.h>
#include <nettle/base16.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/store/filesystem.h"
#include "harness/store/merge.h"
#include "harness/store/sql.h"

#define TRAILER "\nassay bundle sha256 "
enum { MARK_BYTES = sizeof(TRAILER) - 1, TRAILER_BYTES = MARK_BYTES + 64 + 1 };

static enum assay_code cannot_read(const char *path, struct assay_err *err)
{
	return assay_fail(err, ASSAY_ESTORE, "cannot read '%s': %s", path, strerror(errno));
}

/* SHA-256 over the first `size` bytes. */
static enum assay_code hash_file(int fd, const char *path, off_t size, uint8_t ret[32],
				 struct assay_err *err)
{
	struct sha256_ctx hash;
	uint8_t buffer[64 * 1024];
	sha256_init(&hash);
	for (off_t at = 0; at < size;) {
		size_t want = sizeof(buffer);
		if ((off_t)want > size - at)
			want = (size_t)(size - at);
		ssize_t n = pread(fd, buffer, want, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return cannot_read(path, err);
		if (n == 0)
			return assay_fail(err, ASSAY_ESTORE, "'%s' became shorter", path);
		sha256_update(&hash, (size_t)n, buffer);
		at += n;
	}
	sha256_digest(&hash, 32, ret);
	return ASSAY_OK;
}

static bool parse_trailer(const char *trailer, uint8_t digest[32])
{
	struct base16_decode_ctx hex;
	size_t n = 32;
	base16_decode_init(&hex);
	return memcmp(trailer, TRAILER, MARK_BYTES) == 0 && trailer[TRAILER_BYTES - 1] == '\n' &&
	       base16_decode_update(&hex, &n, digest, 64, trailer + MARK_BYTES) && n == 32 &&
	       base16_decode_final(&hex);
}

enum assay_code assay_bundle_verify(const char *path, bool *ret_bundle, uint8_t ret_digest[32],
				    struct assay_err *err)
{
	struct stat st;
	char trailer[TRAILER_BYTES];
	uint8_t found[32];
	*ret_bundle = false;
	if (stat(path, &st) == 0 && store_opened_has(&st))
		return ASSAY_OK; /* a store of ours, not on its way from anywhere */
	ASSAY_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) != 0)
		return assay_fail(err, ASSAY_ESTORE, "cannot open '%s': %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size < TRAILER_BYTES)
		return ASSAY_OK; /* whatever it is, no bundle */
	off_t at = st.st_size - TRAILER_BYTES;
	ssize_t n = pread(fd, trailer, sizeof(trailer), at);
	if (n < 0)
		return cannot_read(path, err);
	if (n != TRAILER_BYTES || !parse_trailer(trailer, ret_digest))
		return ASSAY_OK;
	enum assay_code code = hash_file(fd, path, at, found, err);
	if (code != ASSAY_OK)
		return code;
	*ret_bundle = true;
	if (memcmp(found, ret_digest, sizeof(found)) != 0)
		return assay_fail(err, ASSAY_ESTORE,
				  "'%s' was altered or damaged on its way: its digest is not that "
				  "of its content; fetch it again",
				  path);
	return ASSAY_OK;
}

static enum assay_code append_trailer(const char *path, uint8_t digest[32], struct assay_err *err)
{
	struct stat st;
	char trailer[TRAILER_BYTES + 1] = TRAILER;
	ASSAY_AUTO_CLOSE int fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		return cannot_read(path, err);
	enum assay_code code = hash_file(fd, path, st.st_size, digest, err);
	if (code != ASSAY_OK)
		return code;
	base16_encode_update(trailer + MARK_BYTES, 32, digest);
	trailer[TRAILER_BYTES - 1] = '\n';
	if (write(fd, trailer, TRAILER_BYTES) != TRAILER_BYTES || fsync(fd) != 0)
		return assay_fail(err, ASSAY_ESTORE, "cannot write '%s': %s", path,
				  strerror(errno));
	return ASSAY_OK;
}

/* The run alone, in one file without a log beside it. */
static enum assay_code fill(struct assay_store *from, int64_t run, const char *path,
			    struct assay_err *err)
{
	struct assay_store *bundle;
	struct assay_merged merged;
	const struct store_source source = {.immutable = from->immutable};
	enum assay_code code = assay_store_open(path, ASSAY_STORE_WRITE, &bundle, err);
	if (code != ASSAY_OK)
		return code;
	code = store_merge_runs(bundle, from->path, &source, run, &merged, err);
	if (code == ASSAY_OK && merged.runs == 0)
		code = assay_fail(err, ASSAY_EUSAGE, "run %lld is not in '%s'", (long long)run,
				  from->path);
	if (code == ASSAY_OK)
		code = store_script(bundle, "PRAGMA journal_mode = DELETE", "write", err);
	assay_store_close(bundle);
	return code;
}

enum assay_code assay_store_bundle(struct assay_store *store, int64_t run, const char *to,
				   uint8_t ret_digest[32], struct assay_err *err)
{
	ASSAY_AUTO_FREE char *partial = NULL;
	uint8_t digest[32];
	if (asprintf(&partial, "%s.partial-%ld", to, (long)getpid()) < 0) {
		partial = NULL;
		return assay_fail(err, ASSAY_ENOMEM, "out of memory");
	}
	if (access(to, F_OK) == 0)
		return assay_fail(err, ASSAY_ESTORE, "'%s' exists; name a new file for the bundle",
				  to);
	unlink(partial); /* left by a process of the same number that died here */
	enum assay_code code = fill(store, run, partial, err);
	if (code == ASSAY_OK)
		code = append_trailer(partial, digest, err);
	/* link() refuses to replace what came in between. */
	if (code == ASSAY_OK && store_take_name(partial, to) != 0)
		code = assay_fail(err, ASSAY_ESTORE, "cannot write '%s': %s", to, strerror(errno));
	unlink(partial);
	if (code != ASSAY_OK)
		return code;
	store_sync_folder(to);
	if (ret_digest)
		memcpy(ret_digest, digest, sizeof(digest));
	return ASSAY_OK;
}
