/* SPDX-License-Identifier: MIT */
/* modules: files, address spaces, and names for addresses. */
#include "profiler/modules.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/str.h"
#include "profiler/image.h"
#include "profiler/kernel_names.h"

struct module {
	char *path;
	const char *name; /* last part of the path */
	void *bytes;      /* mapped; NULL: could not be read */
	size_t size;
	int fd; /* of what is no file: the kernel's own library; else -1 */
	bool readable;
	struct image image;
};

struct mapping {
	uint64_t begin, end, offset;
	size_t module;
};

struct space {
	uint32_t pid;
	char name[16];
	struct mapping *maps; /* later ones cover earlier ones */
	size_t n, capacity;
	struct debuginfo *dwarf;
	bool stale; /* dwarf knows other maps */
};

/* What an address was found to be; by module, so that processes share it. */
struct known {
	uint64_t address;  /* in the file */
	uint32_t module;   /* + 1; 0: empty */
	uint32_t first, n; /* in chains */
};

struct modules {
	bool dwarf;
	struct module *files;
	size_t n_files, files_capacity;
	struct space **spaces;
	size_t n_spaces, spaces_capacity;
	struct known *known;
	size_t n_known, known_capacity;
	uint32_t *chains; /* frames of all that is known, one after the other */
	size_t n_chains, chains_capacity;
	struct kernel_names *kernel;
	bool kernel_asked;
};

/* Where libstdc++ is linked in, as with Google Benchmark; elsewhere names stay as they are linked. */
char *__cxa_demangle(const char *name, char *buffer, size_t *length, int *status)
	__attribute__((weak));

static enum assay_code no_memory(struct assay_err *err)
{
	return assay_fail(err, ASSAY_ENOMEM, "out of memory for the names of functions");
}

enum assay_code modules_new(bool dwarf, struct modules **ret, struct assay_err *err)
{
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return no_memory(err);
	(*ret)->dwarf = dwarf && !debuginfo_missing();
	return ASSAY_OK;
}

static void space_free(struct space *space)
{
	debuginfo_free(space->dwarf);
	free(space->maps);
	free(space);
}

void modules_free(struct modules *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n_spaces; i++)
		space_free(m->spaces[i]);
	for (size_t i = 0; i < m->n_files; i++) {
		image_done(&m->files[i].image);
		if (m->files[i].bytes)
			munmap(m->files[i].bytes, m->files[i].size);
		if (m->files[i].fd >= 0)
			close(m->files[i].fd);
		free(m->files[i].path);
	}
	kernel_names_free(m->kernel);
	free(m->files);
	free(m->spaces);
	free(m->known);
	free(m->chains);
	free(m);
}

/* The array with room for one more; NULL, and the array as it was, when out of memory. */
static void *reserve(void *array, size_t *capacity, size_t n, size_t each)
{
	if (n < *capacity)
		return array;
	size_t larger = *capacity ? *capacity * 2 : 16;
	void *moved = realloc(array, larger * each);
	if (moved)
		*capacity = larger;
	return moved;
}

struct space *modules_process(struct modules *m, uint32_t pid)
{
	for (size_t i = m->n_spaces; i-- > 0;)
		if (m->spaces[i]->pid == pid)
			return m->spaces[i];
	struct space **spaces =
		reserve(m->spaces, &m->spaces_capacity, m->n_spaces, sizeof(*spaces));
	struct space *space = spaces ? calloc(1, sizeof(*space)) : NULL;
	m->spaces = spaces ? spaces : m->spaces;
	if (!space)
		return NULL;
	space->pid = pid;
	space->stale = true;
	m->spaces[m->n_spaces++] = space;
	return space;
}

void modules_fork(struct modules *m, uint32_t pid, uint32_t parent)
{
	struct space *from = modules_process(m, parent), *to = modules_process(m, pid);
	if (!from || !to || from == to)
		return;
	struct mapping *maps = calloc(from->n + 1, sizeof(*maps));
	if (!maps)
		return;
	if (from->n)
		memcpy(maps, from->maps, from->n * sizeof(*maps));
	free(to->maps);
	to->maps = maps;
	to->n = from->n;
	to->capacity = from->n + 1;
	to->stale = true;
	assay_copy(to->name, sizeof(to->name), from->name);
}

void space_exec(struct space *space)
{
	space->n = 0;
	space->stale = true;
}

void space_name(struct space *space, const char *name)
{
	assay_copy(space->name, sizeof(space->name), name);
}

const char *space_named(const struct space *space)
{
	return space->name[0] ? space->name : "[unknown process]";
}

/* The kernel puts a small library of its own into each process, the same into ours. */
static void read_vdso(struct module *file)
{
	enum { MOST = 64 * 1024 };
	const void *at = (const void *)getauxval(AT_SYSINFO_EHDR);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int fd = at ? (int)memfd_create("vdso", MFD_CLOEXEC) : -1;
	if (fd < 0)
		return;
	/* Its size is not told; writing stops with EFAULT at its end. */
	for (size_t n = 0; n < MOST; n += page)
		if (write(fd, (const char *)at + n, page) != (ssize_t)page)
			break;
	file->fd = fd;
}

/* Map what can be read; a file that is gone stays as a name. */
static void read_file(struct module *file)
{
	struct stat st;
	int fd = file->fd;
	if (strcmp(file->path, "[vdso]") == 0) {
		read_vdso(file);
		fd = file->fd;
	} else if (file->path[0] == '/') {
		fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	}
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
		file->size = (size_t)st.st_size;
		file->bytes = mmap(NULL, file->size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (file->bytes == MAP_FAILED)
			file->bytes = NULL;
	}
	if (fd != file->fd)
		close(fd);
	file->readable =
		file->bytes && image_read(file->bytes, file->size, &file->image, NULL) == ASSAY_OK;
}

static bool module_number(struct modules *m, const char *path, size_t *ret)
{
	for (size_t i = 0; i < m->n_files; i++) {
		*ret = i;
		if (strcmp(m->files[i].path, path) == 0)
			return true;
	}
	struct module *files = reserve(m->files, &m->files_capacity, m->n_files, sizeof(*files));
	if (!files)
		return false;
	m->files = files;
	struct module *file = &m->files[m->n_files];
	*file = (struct module){.path = strdup(path), .fd = -1};
	if (!file->path)
		return false;
	const char *slash = strrchr(file->path, '/');
	file->name = slash && slash[1] ? slash + 1 : file->path;
	read_file(file);
	*ret = m->n_files++;
	return true;
}

bool space_map(struct modules *m, struct space *space, const char *file, uint64_t address,
	       uint64_t length, uint64_t offset)
{
	struct mapping map = {address, address + length, offset, 0};
	if (!module_number(m, file, &map.module))
		return false;
	struct mapping *maps = reserve(space->maps, &space->capacity, space->n, sizeof(*maps));
	if (!maps)
		return false;
	space->maps = maps;
	space->maps[space->n++] = map;
	space->stale = true;
	return true;
}

size_t modules_missing(const struct modules *m, const char **ret_first)
{
	size_t n = 0;
	for (size_t i = 0; i < m->n_files; i++)
		if (m->files[i].path[0] == '/' && strncmp(m->files[i].path, "//", 2) != 0 &&
		    !m->files[i].readable && n++ == 0)
			*ret_first = m->files[i].path;
	return n;
}

static const struct mapping *mapping_at(const struct space *space, uint64_t address)
{
	for (size_t i = space->n; i-- > 0;)
		if (address >= space->maps[i].begin && address < space->maps[i].end)
			return &space->maps[i];
	return NULL;
}

/* libdwfl learns of all that is mapped, again whenever it changed. */
static struct debuginfo *debuginfo_of(struct modules *m, struct space *space)
{
	if (!m->dwarf)
		return NULL;
	if (!space->stale)
		return space->dwarf;
	space->stale = false;
	debuginfo_free(space->dwarf);
	space->dwarf = debuginfo_new();
	if (!space->dwarf)
		return NULL;
	debuginfo_begin(space->dwarf);
	for (size_t i = 0; i < space->n; i++) {
		const struct mapping *map = &space->maps[i];
		const struct module *file = &m->files[map->module];
		uint64_t bias;
		if (!file->readable || mapping_at(space, map->begin) != map ||
		    !image_bias(&file->image, map->begin, map->offset, &bias))
			continue;
		int fd = file->fd >= 0 ? dup(file->fd) : -1;
		debuginfo_module(space->dwarf, file->name, file->path, fd, bias);
	}
	debuginfo_end(space->dwarf);
	return space->dwarf;
}

size_t space_unwind(struct modules *m, struct space *space, const struct debuginfo_thread *thread,
		    uint64_t *ips, size_t capacity, bool *ret_complete)
{
	struct debuginfo *dwarf = debuginfo_of(m, space);
	*ret_complete = false;
	return dwarf ? debuginfo_unwind(dwarf, thread, ips, capacity, ret_complete) : 0;
}

static size_t known_slot(const struct modules *m, size_t module, uint64_t address)
{
	uint64_t hash = (address ^ (uint64_t)module << 48) * 0x9e3779b97f4a7c15u;
	size_t at = (hash ^ hash >> 29) & (m->known_capacity - 1);
	while (m->known[at].module &&
	       (m->known[at].module != module + 1 || m->known[at].address != address))
		at = (at + 1) & (m->known_capacity - 1);
	return at;
}

static bool known_room(struct modules *m)
{
	if (m->n_known * 2 < m->known_capacity)
		return true;
	struct modules larger = *m;
	larger.known_capacity = m->known_capacity ? m->known_capacity * 2 : 1024;
	larger.known = calloc(larger.known_capacity, sizeof(*larger.known));
	if (!larger.known)
		return false;
	for (size_t i = 0; i < m->known_capacity; i++)
		if (m->known[i].module)
			larger.known[known_slot(&larger, m->known[i].module - 1,
						m->known[i].address)] = m->known[i];
	free(m->known);
	m->known = larger.known;
	m->known_capacity = larger.known_capacity;
	return true;
}

/* "_ZN3fooEv" as "foo()", when somebody can tell. Returns text[size], or `name`. */
static const char *demangled(const char *name, char *text, size_t size)
{
	int status;
	if (strncmp(name, "_Z", 2) != 0 || !__cxa_demangle)
		return name;
	char *plain = __cxa_demangle(name, NULL, NULL, &status);
	if (!plain)
		return name;
	assay_copy(text, size, plain);
	free(plain);
	return text;
}

/*
 * The best name there is: that of a stub, which has no symbol; the symbol libdwfl finds, also in separate debug files; the file's own symbol
 * table; where a function without a name begins, by its unwind table; the address.
 */
static void describe(struct modules *m, struct space *space, const struct module *file,
		     uint64_t address, uint64_t bias, char *text, size_t size,
		     struct assay_stack_frame *ret)
{
	struct debuginfo *dwarf = debuginfo_of(m, space);
	struct debuginfo_function found = {0};
	uint64_t begin = address - bias;
	*ret = (struct assay_stack_frame){.module = file->name, .file = "", .function = text};
	if (file->readable && image_stub(&file->image, address - bias, text, size))
		return;
	if (dwarf && debuginfo_function(dwarf, address, &found) && found.file) {
		ret->file = found.file;
		ret->line = found.line;
	}
	const char *name =
		found.name ? found.name : image_function(&file->image, address - bias, &begin);
	if (name) {
		ret->function = demangled(name, text, size);
		return;
	}
	if (file->readable)
		image_begin(&file->image, address - bias, &begin);
	snprintf(text, size, "%.200s+0x%llx", file->name, (unsigned long long)begin);
}

/* All functions that the address is in, innermost first. */
static enum assay_code look_up(struct modules *m, struct space *space, const struct module *file,
			       uint64_t address, uint64_t bias, struct assay_stacks *stacks,
			       uint32_t *ret, size_t *ret_n, struct assay_err *err)
{
	struct debuginfo_function inlined[MODULES_INLINED - 1];
	struct assay_stack_frame frame;
	struct debuginfo *dwarf = debuginfo_of(m, space);
	size_t n = dwarf ? debuginfo_inlined(dwarf, address, inlined, MODULES_INLINED - 1) : 0;
	char text[512];
	enum assay_code rc = ASSAY_OK;
	for (size_t i = 0; rc == ASSAY_OK && i < n; i++) {
		frame = (struct assay_stack_frame){
			.function = demangled(inlined[i].name, text, sizeof(text)),
			.module = file->name,
			.file = inlined[i].file ? inlined[i].file : "",
			.line = inlined[i].line,
		};
		rc = assay_stacks_frame(stacks, &frame, &ret[i], err);
	}
	if (rc != ASSAY_OK)
		return rc;
	describe(m, space, file, address, bias, text, sizeof(text), &frame);
	*ret_n = n + 1;
	return assay_stacks_frame(stacks, &frame, &ret[n], err);
}

/* Keep what was found for the next sample there. */
static enum assay_code remember(struct modules *m, struct known *known, const uint32_t *frames,
				size_t n, struct assay_err *err)
{
	known->first = (uint32_t)m->n_chains;
	known->n = (uint32_t)n;
	for (size_t i = 0; i < n; i++) {
		uint32_t *chains =
			reserve(m->chains, &m->chains_capacity, m->n_chains, sizeof(*chains));
		if (!chains)
			return no_memory(err);
		m->chains = chains;
		m->chains[m->n_chains++] = frames[i];
	}
	return ASSAY_OK;
}

enum assay_code modules_frames(struct modules *m, struct space *space, uint64_t address,
			       struct assay_stacks *stacks, uint32_t *ret, size_t *ret_n,
			       struct assay_err *err)
{
	static const struct assay_stack_frame unknown = {"[unknown]", "", "", 0};
	const struct mapping *map = mapping_at(space, address);
	*ret_n = 1;
	if (!map)
		return assay_stacks_frame(stacks, &unknown, ret, err);
	const struct module *file = &m->files[map->module];
	uint64_t bias = map->begin - map->offset;
	if (file->readable)
		image_bias(&file->image, map->begin, map->offset, &bias);
	if (!known_room(m))
		return no_memory(err);
	struct known *known = &m->known[known_slot(m, map->module, address - bias)];
	if (known->module) {
		*ret_n = known->n;
		memcpy(ret, &m->chains[known->first], known->n * sizeof(*ret));
		return ASSAY_OK;
	}
	enum assay_code rc = look_up(m, space, file, address, bias, stacks, ret, ret_n, err);
	if (rc == ASSAY_OK)
		rc = remember(m, known, ret, *ret_n, err);
	if (rc != ASSAY_OK)
		return rc;
	known->module = (uint32_t)map->module + 1;
	known->address = address - bias;
	m->n_known++;
	return ASSAY_OK;
}

enum assay_code modules_kernel_frame(struct modules *m, uint64_t address,
				     struct assay_stacks *stacks, uint32_t *ret,
				     struct assay_err *err)
{
	if (!m->kernel_asked)
		m->kernel = kernel_names_new();
	m->kernel_asked = true;
	const char *name = kernel_name(m->kernel, address);
	const struct assay_stack_frame frame = {name ? name : "[kernel]", "[kernel]", "", 0};
	return assay_stacks_frame(stacks, &frame, ret, err);
}
