/* SPDX-License-Identifier: MIT */
/* cubin_cache: compiled kernels as files. A cache: it may be lost, lie elsewhere or be damaged at any time. */
#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suites/gpu/nvrtc.h"

static const char magic[16] = "assay cubin 1\n";

enum { MAX_BYTES = 64 << 20, PATH_BYTES = 4096 };

/* The cache's folder, made where it is missing; false: there is no place for one. */
static bool folder_of(char *folder, size_t size)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	int length;
	if (cache && cache[0] == '/')
		length = snprintf(folder, size, "%s", cache);
	else if (home && home[0] == '/')
		length = snprintf(folder, size, "%s/.cache", home);
	else
		return false;
	if (length < 0 || (size_t)length + sizeof("/assay") > size)
		return false;
	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		return false;
	memcpy(folder + length, "/assay", sizeof("/assay"));
	return mkdir(folder, 0700) == 0 || errno == EEXIST;
}

static bool path_of(const unsigned char *key, char *path, size_t size)
{
	char folder[PATH_BYTES], hex[2 * SHA256_DIGEST_SIZE + 1];
	if (!folder_of(folder, sizeof(folder)))
		return false;
	for (size_t i = 0; i < SHA256_DIGEST_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", key[i]);
	int length = snprintf(path, size, "%s/%s.cubin", folder, hex);
	return length > 0 && (size_t)length < size;
}

static void digest_of(const struct cubin *cubin, unsigned char digest[SHA256_DIGEST_SIZE])
{
	struct sha256_ctx hash;
	sha256_init(&hash);
	sha256_update(&hash, cubin->size, cubin->bytes);
	sha256_digest(&hash, SHA256_DIGEST_SIZE, digest);
}

/* Head, digest and code of an open file, if they are what they claim to be. */
static bool read_cubin(FILE *file, struct cubin *ret)
{
	char head[sizeof(magic)];
	unsigned char stated[SHA256_DIGEST_SIZE], found[SHA256_DIGEST_SIZE];
	struct stat status;
	if (fstat(fileno(file), &status) != 0 || status.st_size > MAX_BYTES ||
	    status.st_size <= (off_t)(sizeof(head) + sizeof(stated)))
		return false;
	if (fread(head, sizeof(head), 1, file) != 1 || memcmp(head, magic, sizeof(head)) != 0 ||
	    fread(stated, sizeof(stated), 1, file) != 1)
		return false;
	ret->size = (size_t)status.st_size - sizeof(head) - sizeof(stated);
	ret->bytes = malloc(ret->size);
	if (!ret->bytes || fread(ret->bytes, ret->size, 1, file) != 1)
		return false;
	digest_of(ret, found);
	return memcmp(stated, found, sizeof(found)) == 0;
}

bool cubin_cached(const unsigned char key[32], struct cubin *ret)
{
	char path[PATH_BYTES + 80];
	*ret = (struct cubin){0};
	if (!path_of(key, path, sizeof(path)))
		return false;
	FILE *file = fopen(path, "rbe");
	if (!file)
		return false;
	bool found = read_cubin(file, ret);
	fclose(file);
	if (!found) {
		free(ret->bytes);
		*ret = (struct cubin){0};
	}
	ret->cached = found;
	return found;
}

void cubin_keep(const unsigned char key[32], const struct cubin *cubin)
{
	char path[PATH_BYTES + 80], part[sizeof(path) + 24];
	unsigned char digest[SHA256_DIGEST_SIZE];
	if (!path_of(key, path, sizeof(path)))
		return;
	/* Written aside and put in place whole, so that nobody reads half of it. */
	snprintf(part, sizeof(part), "%s.XXXXXX", path);
	int fd = mkostemp(part, O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "wb");
	if (!file) {
		if (fd >= 0)
			close(fd);
		return;
	}
	digest_of(cubin, digest);
	bool whole = fwrite(magic, sizeof(magic), 1, file) == 1 &&
		     fwrite(digest, sizeof(digest), 1, file) == 1 &&
		     fwrite(cubin->bytes, cubin->size, 1, file) == 1;
	whole = fclose(file) == 0 && whole;
	if (!whole || rename(part, path) != 0)
		unlink(part);
}
