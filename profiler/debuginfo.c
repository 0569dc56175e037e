/* SPDX-License-Identifier: MIT */
/* debuginfo: libdwfl over recorded stacks. */
#include "profiler/debuginfo.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/attr.h"

/* perf_event's numbers of the registers that DWARF counts from 0 on. */
#if defined(__x86_64__)
static const uint8_t registers[] = {0, 3, 2, 1, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23};
enum { STACK_POINTER = 7, PROGRAM_COUNTER = 8 };
#elif defined(__aarch64__)
static const uint8_t registers[] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
				    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
enum { STACK_POINTER = 31, PROGRAM_COUNTER = 32 };
#else
static const uint8_t registers[] = {0};
enum { STACK_POINTER = 0, PROGRAM_COUNTER = 0 };
#endif

#if ASSAY_DWARF
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

struct debuginfo {
	Dwfl *dwfl;
	Dwfl_Callbacks callbacks;
	bool attached;
	const struct debuginfo_thread *thread; /* that is being unwound */
	bool cut; /* something was asked of its stack that was not recorded */
	uint64_t *ips;
	size_t n, capacity;
};

const char *debuginfo_missing(void)
{
	return registers[0] == 0 && ASSAY_COUNT_OF(registers) == 1
		       ? "the registers of this kind of processor are not known to assay"
		       : NULL;
}

uint64_t debuginfo_registers(void)
{
	uint64_t mask = (uint64_t)1 << PROGRAM_COUNTER;
	for (size_t i = 0; i < ASSAY_COUNT_OF(registers); i++)
		mask |= (uint64_t)1 << registers[i];
	return debuginfo_missing() ? 0 : mask;
}

struct debuginfo *debuginfo_new(void)
{
	struct debuginfo *d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->callbacks = (Dwfl_Callbacks){
		.find_elf = dwfl_build_id_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
		.section_address = dwfl_offline_section_address,
	};
	d->dwfl = dwfl_begin(&d->callbacks);
	if (d->dwfl)
		return d;
	free(d);
	return NULL;
}

void debuginfo_free(struct debuginfo *d)
{
	if (!d)
		return;
	dwfl_end(d->dwfl);
	free(d);
}

void debuginfo_begin(struct debuginfo *d)
{
	dwfl_report_begin_add(d->dwfl);
}

void debuginfo_module(struct debuginfo *d, const char *name, const char *path, int fd,
		      uint64_t bias)
{
	dwfl_report_elf(d->dwfl, name, path, fd, bias, true);
}

static pid_t next_thread(Dwfl *dwfl, void *argument, void **thread_argument)
{
	(void)dwfl;
	if (*thread_argument)
		return 0;
	*thread_argument = argument;
	return 1;
}

/* The register with this number of perf_event's, among those that were recorded. */
static uint64_t recorded(const struct debuginfo_thread *thread, unsigned number)
{
	uint64_t below = debuginfo_registers() & (((uint64_t)1 << number) - 1);
	size_t at = (size_t)__builtin_popcountll(below);
	return at < thread->n_registers ? thread->registers[at] : 0;
}

static bool memory_read(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *ret, void *argument)
{
	struct debuginfo *d = argument;
	const struct debuginfo_thread *t = d->thread;
	uint64_t offset = address - recorded(t, STACK_POINTER);
	(void)dwfl;
	d->cut = t->stack_size < sizeof(*ret) || offset > t->stack_size - sizeof(*ret);
	if (d->cut)
		return false;
	memcpy(ret, t->stack + offset, sizeof(*ret));
	return true;
}

static bool set_registers(Dwfl_Thread *thread, void *argument)
{
	const struct debuginfo *d = argument;
	Dwarf_Word values[ASSAY_COUNT_OF(registers)];
	for (size_t i = 0; i < ASSAY_COUNT_OF(registers); i++)
		values[i] = recorded(d->thread, registers[i]);
	dwfl_thread_state_register_pc(thread, recorded(d->thread, PROGRAM_COUNTER));
	return dwfl_thread_state_registers(thread, 0, ASSAY_COUNT_OF(registers), values);
}

void debuginfo_end(struct debuginfo *d)
{
	static const Dwfl_Thread_Callbacks callbacks = {
		.next_thread = next_thread,
		.memory_read = memory_read,
		.set_initial_registers = set_registers,
	};
	dwfl_report_end(d->dwfl, NULL, NULL);
	if (!d->attached)
		d->attached = dwfl_attach_state(d->dwfl, NULL, getpid(), &callbacks, d);
}

static int on_frame(Dwfl_Frame *frame, void *argument)
{
	struct debuginfo *d = argument;
	Dwarf_Addr pc;
	bool activation;
	if (!dwfl_frame_pc(frame, &pc, &activation))
		return DWARF_CB_ABORT;
	if (d->n == d->capacity)
		return DWARF_CB_ABORT;
	d->ips[d->n++] = pc - !activation;
	return DWARF_CB_OK;
}

size_t debuginfo_unwind(struct debuginfo *d, const struct debuginfo_thread *thread, uint64_t *ips,
			size_t capacity, bool *ret_complete)
{
	*ret_complete = false;
	if (!d->attached || thread->n_registers < ASSAY_COUNT_OF(registers))
		return 0;
	d->thread = thread;
	d->ips = ips;
	d->n = 0;
	d->capacity = capacity;
	d->cut = false;
	/* A return address that cannot be read is the outermost frame to libdwfl, as one that does not exist is. */
	*ret_complete = dwfl_getthread_frames(d->dwfl, 1, on_frame, d) == 0 && !d->cut;
	return d->n;
}

/* The compilation unit of an address. clang leaves out the table that is looked into first: then all are asked. */
static Dwarf_Die *find_unit(Dwfl_Module *module, Dwarf_Addr address, Dwarf_Addr *bias)
{
	Dwarf_Die *unit = module ? dwfl_module_addrdie(module, address, bias) : NULL;
	if (unit || !module)
		return unit;
	while ((unit = dwfl_module_nextcu(module, unit, bias)))
		if (dwarf_haspc(unit, address - *bias) > 0)
			return unit;
	return NULL;
}

/* Where `address` was compiled from; false: nowhere that is known. */
static bool find_line(Dwfl_Module *module, Dwarf_Addr address, const char **ret_file, int *ret_line)
{
	Dwarf_Addr bias;
	Dwfl_Line *line = dwfl_module_getsrc(module, address);
	if (line)
		*ret_file = dwfl_lineinfo(line, NULL, ret_line, NULL, NULL, NULL);
	if (line)
		return *ret_file;
	Dwarf_Die *unit = find_unit(module, address, &bias);
	Dwarf_Line *found = unit ? dwarf_getsrc_die(unit, address - bias) : NULL;
	*ret_file = found ? dwarf_linesrc(found, NULL, NULL) : NULL;
	return *ret_file && dwarf_lineno(found, ret_line) == 0;
}

bool debuginfo_function(struct debuginfo *d, uint64_t address, struct debuginfo_function *ret)
{
	*ret = (struct debuginfo_function){0};
	Dwfl_Module *module = dwfl_addrmodule(d->dwfl, address);
	if (!module)
		return false;
	GElf_Off offset;
	GElf_Sym symbol;
	const char *name =
		dwfl_module_addrinfo(module, address, &offset, &symbol, NULL, NULL, NULL);
	/* It falls back on the nearest symbol below, which may be another function altogether. */
	if (name && offset < symbol.st_size) {
		ret->name = name;
		ret->begin_at = address - offset;
	}
	int number;
	if (find_line(module, ret->name ? ret->begin_at : address, &ret->file, &number) &&
	    ret->name)
		ret->line = (unsigned)number;
	return ret->name || ret->file;
}

/* As linked where that differs, so that names of C++ are demangled like all others. */
static const char *name_of(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	const char *linked =
		dwarf_formstring(dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute));
	return linked ? linked : dwarf_diename(die);
}

static void describe_inlined(Dwarf_Die *die, struct debuginfo_function *ret)
{
	Dwarf_Die origin;
	Dwarf_Attribute attribute;
	int line = 0;
	/* The file's number counts in the unit of the definition, not in that of the place. */
	Dwarf_Die *definition = dwarf_formref_die(
		dwarf_attr_integrate(die, DW_AT_abstract_origin, &attribute), &origin);
	*ret = (struct debuginfo_function){.name = name_of(die)};
	if (!definition)
		return;
	ret->file = dwarf_decl_file(definition);
	if (ret->file && dwarf_decl_line(definition, &line) == 0 && line > 0)
		ret->line = (unsigned)line;
}

size_t debuginfo_inlined(struct debuginfo *d, uint64_t address, struct debuginfo_function *ret,
			 size_t capacity)
{
	Dwarf_Addr bias;
	Dwarf_Die *scopes = NULL, *concrete = NULL;
	size_t n = 0;
	Dwfl_Module *module = dwfl_addrmodule(d->dwfl, address);
	Dwarf_Die *unit = find_unit(module, address, &bias);
	/* Beyond an inlined function the first call goes on with where that was defined; the second stays here. */
	if (!unit || dwarf_getscopes(unit, address - bias, &scopes) <= 0)
		return 0;
	int n_scopes = dwarf_getscopes_die(&scopes[0], &concrete);
	for (int i = 0; i < n_scopes && n < capacity; i++) {
		int tag = dwarf_tag(&concrete[i]);
		if (tag == DW_TAG_subprogram)
			break;
		if (tag != DW_TAG_inlined_subroutine)
			continue;
		describe_inlined(&concrete[i], &ret[n]);
		n += ret[n].name != NULL;
	}
	free(concrete);
	free(scopes);
	return n;
}

#else

struct debuginfo {
	char none;
};

const char *debuginfo_missing(void)
{
	return "built without libdw (elfutils)";
}

uint64_t debuginfo_registers(void)
{
	(void)registers;
	return 0;
}

struct debuginfo *debuginfo_new(void)
{
	return NULL;
}

void debuginfo_free(struct debuginfo *d)
{
	free(d);
}

void debuginfo_begin(struct debuginfo *d)
{
	(void)d;
}

void debuginfo_module(struct debuginfo *d, const char *name, const char *path, int fd,
		      uint64_t bias)
{
	(void)d, (void)name, (void)path, (void)fd, (void)bias;
}

void debuginfo_end(struct debuginfo *d)
{
	(void)d;
}

bool debuginfo_function(struct debuginfo *d, uint64_t address, struct debuginfo_function *ret)
{
	(void)d, (void)address;
	*ret = (struct debuginfo_function){0};
	return false;
}

size_t debuginfo_inlined(struct debuginfo *d, uint64_t address, struct debuginfo_function *ret,
			 size_t capacity)
{
	(void)d, (void)address, (void)ret, (void)capacity;
	return 0;
}

size_t debuginfo_unwind(struct debuginfo *d, const struct debuginfo_thread *thread, uint64_t *ips,
			size_t capacity, bool *ret_complete)
{
	(void)d, (void)thread, (void)ips, (void)capacity;
	*ret_complete = false;
	return 0;
}
#endif
