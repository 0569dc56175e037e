/* SPDX-License-Identifier: MIT */
/* variants_build: link each variant under a hidden name, read it back, then let the whole set appear. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/engine/child.h"
#include "harness/gate/variants.h"
#include "harness/gate/variants_elf.h"
#include "harness/gate/variants_link.h"

#define HIDDEN "new-" /* after a dot, before the name that a file will have */
#define PAD    ".pad.o"

enum { MAX_SAID_BYTES = 1024 * 1024 };

struct building {
	struct assay_link link;
	char *program;
	char *pad; /* path of the pad object */
	int folder_fd;
	bool made, entered; /* the folder is ours: new, and nobody else builds in it */
	struct assay_elf_target target;
	struct assay_elf_code first; /* of variant 0 */
	struct assay_variants set;
	struct assay_str *said;
};

/* Whatever was not let appear goes, and the folder too when it was made for nothing. */
static void clean_up(const struct building *b)
{
	if (!b->entered)
		return;
	unlink(b->pad);
	for (size_t i = 0; i < b->set.n; i++)
		unlink(b->set.variants[i].path);
	if (b->made)
		rmdir(b->set.folder); /* refuses when there is something in it */
}

static void building_done(struct building *b)
{
	clean_up(b);
	if (b->folder_fd >= 0)
		close(b->folder_fd);
	assay_link_done(&b->link);
	assay_elf_code_done(&b->first);
	assay_variants_done(&b->set);
	free(b->program);
	free(b->pad);
}

static enum assay_code no_memory(struct assay_err *err)
{
	return assay_fail(err, ASSAY_ENOMEM, "out of memory while building variants");
}

/* The three texts as one; NULL when out of memory. */
static char *join(const char *a, const char *b, const char *c)
{
	ASSAY_AUTO(assay_str_done) struct assay_str text = {0};
	assay_str_add(&text, "%s%s%s", a, b, c);
	return text.failed ? NULL : strdup(assay_str_text(&text));
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* "text.so" and 3 of 12 is "text-03.so"; without ".so" the number comes last. */
static char *variant_file(const char *output, size_t i, size_t n)
{
	const char *end = strstr(output, ".so");
	size_t stem = end ? (size_t)(end - output) : strlen(output);
	char number[24];
	ASSAY_AUTO(assay_str_done) struct assay_str name = {0};
	snprintf(number, sizeof(number), "-%0*zu", n > 10 ? 2 : 1, i);
	assay_str_put(&name, output, stem);
	assay_str_add(&name, "%s%s", number, output + stem);
	return name.failed ? NULL : strdup(assay_str_text(&name));
}

static enum assay_code name_variant(struct building *b, size_t i, size_t n, struct assay_err *err)
{
	struct assay_variant *v = &b->set.variants[i];
	v->pad_bytes = i * b->set.step_bytes;
	v->file = variant_file(b->set.output, i, n);
	ASSAY_AUTO_FREE char *folder = join(b->set.folder, "/", "." HIDDEN);
	v->path = folder && v->file ? join(folder, v->file, "") : NULL;
	return v->path ? ASSAY_OK : no_memory(err);
}

/* All names: of the folder, the output, the files, and what they are called until they are whole. */
static enum assay_code name_all(struct building *b, const struct assay_variants_request *q,
				struct assay_err *err)
{
	const char *output = assay_link_output(&b->link), *base = base_name(output);
	for (const char *c = base; *c; c += assay_utf8_length(c))
		if (!assay_utf8_length(c))
			return assay_fail(err, ASSAY_EUSAGE, "the output's name is not UTF-8");
	if (!*base || *base == '.')
		return assay_fail(err, ASSAY_EUSAGE,
				  "variants cannot be named after '%s'; name the output otherwise",
				  output);
	b->set.step_bytes = q->step_bytes;
	b->set.output = strdup(base);
	b->set.folder = q->folder ? strdup(q->folder) : join(output, ".variants", "");
	b->pad = b->set.folder ? join(b->set.folder, "/", PAD) : NULL;
	b->set.variants = calloc(q->count, sizeof(*b->set.variants));
	if (!b->set.output || !b->pad || !b->set.variants)
		return no_memory(err);
	enum assay_code code = ASSAY_OK;
	for (; code == ASSAY_OK && b->set.n < q->count; b->set.n++)
		code = name_variant(b, b->set.n, q->count, err);
	return code;
}

/* Is there anything in the folder that could be somebody else's? */
static bool holds_files(const char *folder)
{
	bool found = false;
	DIR *dir = opendir(folder);
	for (struct dirent *e = dir ? readdir(dir) : NULL; e && !found; e = readdir(dir))
		found = e->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return found;
}

/* Make the folder, or make sure that what is there may be replaced, and that we are alone in it. */
static enum assay_code enter_folder(struct building *b, struct assay_err *err)
{
	const char *folder = b->set.folder;
	b->made = mkdir(folder, 0777) == 0;
	if (!b->made && errno != EEXIST)
		return assay_fail(err, ASSAY_EIO, "make the folder '%s': %s", folder,
				  strerror(errno));
	b->folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b->folder_fd < 0 && errno == ENOTDIR)
		return assay_fail(err, ASSAY_EUSAGE,
				  "'%s' is a file; name a folder for the variants with -o", folder);
	if (b->folder_fd < 0)
		return assay_fail(err, ASSAY_EIO, "open '%s': %s", folder, strerror(errno));
	if (flock(b->folder_fd, LOCK_EX | LOCK_NB) != 0)
		return assay_fail(err, ASSAY_EUSAGE, "'%s' is being built by another process",
				  folder);
	if (faccessat(b->folder_fd, ASSAY_VARIANTS_MANIFEST, F_OK, 0) != 0 && holds_files(folder))
		return assay_fail(err, ASSAY_EUSAGE,
				  "'%s' holds files and is no set of variants; name another folder "
				  "with -o",
				  folder);
	b->entered = true;
	return ASSAY_OK;
}

static enum assay_code target_of(const char *path, struct assay_elf_target *ret,
				 struct assay_err *err)
{
	struct assay_file_bytes file;
	enum assay_code code = assay_file_map(path, &file, err);
	if (code == ASSAY_OK)
		code = assay_elf_target(file.bytes ? file.bytes : "", file.length, ret, err);
	assay_file_unmap(&file);
	return code == ASSAY_OK ? code : assay_context(err, code, "'%s'", path);
}

/* What the pad object must be like: as the first object of the command, or as this program where there
 * is none, or one that does not say, such as LLVM bitcode. */
static enum assay_code find_target(struct building *b, struct assay_err *err)
{
	enum assay_code code = ASSAY_EPARSE;
	if (b->link.object)
		code = target_of(b->link.argv.words[b->link.object], &b->target, err);
	if (code == ASSAY_EIO) /* it is not there */
		return assay_context(err, ASSAY_EUSAGE, "an object to link");
	return code == ASSAY_EPARSE ? target_of("/proc/self/exe", &b->target, err) : code;
}

static enum assay_code write_all(int folder_fd, const char *name, const char *text, size_t length,
				 struct assay_err *err)
{
	ASSAY_AUTO_CLOSE int fd =
		openat(folder_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	ssize_t n = 1;
	for (size_t done = 0; fd >= 0 && n > 0 && done < length; done += (size_t)n)
		n = write(fd, text + done, length - done);
	if (fd < 0 || n <= 0)
		return assay_fail(err, ASSAY_EIO, "write '%s' in the folder of variants: %s", name,
				  strerror(errno));
	return ASSAY_OK;
}

static enum assay_code write_manifest(const struct building *b, bool complete,
				      struct assay_err *err)
{
	json_t *json = assay_variants_json(&b->set, complete);
	ASSAY_AUTO_FREE char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
	json_decref(json);
	if (!text)
		return no_memory(err);
	const char *hidden = "." HIDDEN ASSAY_VARIANTS_MANIFEST;
	enum assay_code code = write_all(b->folder_fd, hidden, text, strlen(text), err);
	if (code == ASSAY_OK &&
	    renameat(b->folder_fd, hidden, b->folder_fd, ASSAY_VARIANTS_MANIFEST) != 0)
		code = assay_fail(err, ASSAY_EIO, "write the manifest in '%s': %s", b->set.folder,
				  strerror(errno));
	return code;
}

/* The last line that says something: drivers of linkers end with one that does not. */
static void last_words(const char *text, char *to, size_t size)
{
	const char *line = "", *next = text;
	size_t length = 0;
	while (*next) {
		size_t n = strcspn(next, "\n");
		bool hollow = strncmp(next, "collect2:", 9) == 0 ||
			      (n > 20 && strstr(next, "linker command failed") &&
			       strstr(next, "linker command failed") < next + n);
		if (n && !hollow) {
			line = next;
			length = n;
		}
		next += n + (next[n] != 0);
	}
	char raw[300];
	snprintf(raw, sizeof(raw), "%.*s", (int)length, line);
	assay_sanitise(to, size, raw);
}

static void read_said(int fd, struct assay_str *said)
{
	char bytes[4096];
	ssize_t n = 0;
	for (off_t at = 0; at < MAX_SAID_BYTES; at += n) {
		n = pread(fd, bytes, sizeof(bytes), at);
		if (n <= 0)
			return;
		assay_str_put(said, bytes, (size_t)n);
	}
}

/* Run the link command for one variant. */
static enum assay_code link_variant(struct building *b, const struct assay_variant *v,
				    struct assay_err *err)
{
	ASSAY_AUTO(assay_argv_done) struct assay_argv argv = {0};
	ASSAY_AUTO(assay_str_done) struct assay_str pad = {0}, said = {0};
	ASSAY_AUTO_CLOSE int log = memfd_create("link", MFD_CLOEXEC);
	struct assay_child child = {b->program, &argv, -1, log, log};
	struct assay_child_end end;
	char why[80], words[200];
	enum assay_code code = assay_elf_pad(&b->target, v->pad_bytes, &pad, err);
	if (code == ASSAY_OK)
		code = write_all(b->folder_fd, PAD, pad.text, pad.length, err);
	if (code == ASSAY_OK)
		code = assay_link_with(&b->link, v->path, b->pad, &argv, err);
	if (code == ASSAY_OK)
		code = assay_child_run(&child, 0, &end, err);
	if (code != ASSAY_OK)
		return code;
	read_said(log, &said);
	if (b->said)
		assay_str_put(b->said, assay_str_text(&said), said.length);
	if (!assay_child_complaint(&end, why, sizeof(why)))
		return ASSAY_OK;
	last_words(assay_str_text(&said), words, sizeof(words));
	return assay_fail(err, ASSAY_ECHECK, "the link command failed: %s%s%s", why,
			  *words ? ": " : "", words);
}

static enum assay_code same_place(const struct building *b, size_t i, size_t other,
				  struct assay_err *err)
{
	const struct assay_variant *v = b->set.variants;
	return assay_fail(err, ASSAY_EUSAGE,
			  "variants %zu and %zu, with pads of %llu and %llu bytes, have their code "
			  "at the same address: a step smaller than the code's alignment "
			  "disappears in it (--step 64), and a pad that is not linked in front "
			  "moves nothing ({pad} in the command says where it goes)",
			  other, i, (unsigned long long)v[other].pad_bytes,
			  (unsigned long long)v[i].pad_bytes);
}

/* The same functions as in the first variant, and none of the variants before in the same place. */
static enum assay_code check_moved(struct building *b, size_t i, const struct assay_elf_code *code,
				   struct assay_err *err)
{
	struct assay_variant *v = &b->set.variants[i];
	if (code->n != b->first.n)
		return assay_fail(err, ASSAY_EUSAGE,
				  "it has %zu functions where variant 0 has %zu: the command does "
				  "not link the same code each time",
				  code->n, b->first.n);
	v->code_at = code->last;
	for (size_t f = 0; f < code->n; f++)
		v->moved += code->functions[f] != b->first.functions[f];
	for (size_t other = 0; other < i; other++)
		if (b->set.variants[other].code_at == v->code_at)
			return same_place(b, i, other, err);
	return ASSAY_OK;
}

/* Read back what the command wrote. */
static enum assay_code read_back(struct building *b, size_t i, struct assay_err *err)
{
	struct assay_variant *v = &b->set.variants[i];
	struct assay_file_bytes file;
	ASSAY_AUTO(assay_elf_code_done) struct assay_elf_code found = {0};
	enum assay_code code = assay_file_map(v->path, &file, NULL);
	if (code != ASSAY_OK)
		return assay_fail(err, ASSAY_ECHECK,
				  "the link command ended well and wrote no output");
	code = assay_elf_code(file.bytes ? file.bytes : "", file.length, &found, err);
	v->length_bytes = file.length;
	assay_digest(file.bytes ? file.bytes : "", file.length, v->digest);
	assay_file_unmap(&file);
	if (code != ASSAY_OK)
		return assay_context(err, ASSAY_ECHECK, "what the link command wrote");
	if (i == 0) {
		b->first = found;
		found = (struct assay_elf_code){0};
		b->set.functions = b->first.n;
		b->set.symbol = strdup(b->first.last_name);
		if (!b->set.symbol)
			return no_memory(err);
	}
	return check_moved(b, i, i ? &found : &b->first, err);
}

/* Files that an earlier set in this folder is made of. */
static enum assay_code remove_old(const struct building *b, struct assay_err *err)
{
	struct assay_file_bytes file;
	ASSAY_AUTO(assay_variants_done) struct assay_variants old = {0};
	bool complete;
	ASSAY_AUTO_FREE char *path = join(b->set.folder, "/", ASSAY_VARIANTS_MANIFEST);
	if (!path)
		return no_memory(err);
	if (assay_file_map(path, &file, NULL) != ASSAY_OK)
		return ASSAY_OK; /* the first set here */
	enum assay_code code = assay_variants_parse(file.bytes ? file.bytes : "", file.length, &old,
						    &complete, err);
	assay_file_unmap(&file);
	if (code != ASSAY_OK)
		return assay_context(err, code, "'%s' of an earlier set", path);
	for (size_t i = 0; i < old.n; i++)
		unlinkat(b->folder_fd, old.variants[i].file, 0);
	return ASSAY_OK;
}

/* Everything is linked: put it in place of what was there. */
static enum assay_code publish(struct building *b, struct assay_err *err)
{
	enum assay_code code = remove_old(b, err);
	if (code == ASSAY_OK)
		code = write_manifest(b, false, err);
	for (size_t i = 0; code == ASSAY_OK && i < b->set.n; i++) {
		struct assay_variant *v = &b->set.variants[i];
		if (renameat(AT_FDCWD, v->path, b->folder_fd, v->file) != 0)
			code = assay_fail(err, ASSAY_EIO, "rename '%s': %s", v->path,
					  strerror(errno));
	}
	return code == ASSAY_OK ? write_manifest(b, true, err) : code;
}

static enum assay_code build(struct building *b, const struct assay_variants_request *q,
			     struct assay_err *err)
{
	enum assay_code code = assay_link_read(q->words, q->n_words, &b->link, err);
	if (code == ASSAY_OK)
		code = name_all(b, q, err);
	if (code == ASSAY_OK)
		code = assay_child_find(b->link.argv.words[0], &b->program, err);
	if (code == ASSAY_OK)
		code = find_target(b, err);
	if (code == ASSAY_OK)
		code = enter_folder(b, err);
	for (size_t i = 0; code == ASSAY_OK && i < b->set.n; i++) {
		code = link_variant(b, &b->set.variants[i], err);
		if (code == ASSAY_OK)
			code = read_back(b, i, err);
		code = assay_context(err, code, "variant %zu", i);
	}
	return code == ASSAY_OK ? publish(b, err) : code;
}

enum assay_code assay_variants_build(const struct assay_variants_request *request,
				     struct assay_variants *ret, struct assay_str *said,
				     struct assay_err *err)
{
	struct building b = {.folder_fd = -1, .said = said};
	if (request->count < 2 || request->count > ASSAY_VARIANTS_MAX)
		return assay_fail(err, ASSAY_EUSAGE, "a set has 2 to %d variants, not %zu",
				  ASSAY_VARIANTS_MAX, request->count);
	if (request->step_bytes < 1 || request->step_bytes > ASSAY_VARIANTS_MAX_STEP)
		return assay_fail(err, ASSAY_EUSAGE, "variants are 1 to %d bytes apart, not %llu",
				  ASSAY_VARIANTS_MAX_STEP, (unsigned long long)request->step_bytes);
	enum assay_code code = build(&b, request, err);
	ASSAY_AUTO_FREE char *folder = NULL;
	if (code == ASSAY_OK) {
		folder = strdup(b.set.folder);
		code = folder ? ASSAY_OK : no_memory(err);
	}
	building_done(&b);
	/* Read back as whoever uses the set will read it. */
	return code == ASSAY_OK ? assay_variants_find(folder, ret, err) : code;
}
