/* SPDX-License-Identifier: MIT */
/* topology: loading through hwloc (the only file that knows it), and what replaces it when absent. */
#include "harness/machine/topology.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/machine/proc.h"
#include "harness/machine/tree.h"

#if ASSAY_HWLOC
#include <hwloc.h>

enum {
	MOST_PUS = 65536, /* more is a mistake or an attack, not a machine */
	MOST_XML_BYTES = 64 * 1024 * 1024,
};

/* Our own key in hwloc's XML: memory of the exported machine (see live_memory). */
#define MEMORY_KEY "AssayMemoryBytes"

static bool node_type(hwloc_obj_t object, enum tree_type *ret)
{
	if (hwloc_obj_type_is_dcache(object->type)) {
		*ret = TREE_CACHE;
		return true;
	}
	switch (object->type) {
	case HWLOC_OBJ_MACHINE:
		*ret = TREE_MACHINE;
		return true;
	case HWLOC_OBJ_PACKAGE:
		*ret = TREE_PACKAGE;
		return true;
	case HWLOC_OBJ_DIE:
		*ret = TREE_DIE;
		return true;
	case HWLOC_OBJ_NUMANODE:
		*ret = TREE_NUMA;
		return true;
	case HWLOC_OBJ_CORE:
		*ret = TREE_CORE;
		return true;
	case HWLOC_OBJ_PU:
		*ret = TREE_PU;
		return true;
	default: /* groups; memory-side caches, which no level of ours stands for */
		*ret = TREE_GROUP;
		return object->type == HWLOC_OBJ_GROUP;
	}
}

/* What the conversion of one hwloc topology needs. */
struct conversion {
	hwloc_topology_t native;
	hwloc_bitmap_t usable;
	int kinds;
	struct assay_err *err;
};

static enum assay_code convert(struct conversion *c, hwloc_obj_t object, struct tree_node *parent,
			       struct tree_node **ret);

static enum assay_code convert_below(struct conversion *c, hwloc_obj_t object,
				     struct tree_node *node)
{
	enum assay_code rc = ASSAY_OK;
	hwloc_obj_t below = object->memory_first_child;
	for (; rc == ASSAY_OK && below; below = below->next_sibling)
		rc = convert(c, below, node, NULL);
	for (below = object->first_child; rc == ASSAY_OK && below; below = below->next_sibling)
		rc = convert(c, below, node, NULL);
	return rc;
}

static void fill_pu(const struct conversion *c, hwloc_obj_t object, struct tree_node *node)
{
	node->usable = hwloc_bitmap_isset(c->usable, object->os_index);
	if (c->kinds < 2)
		return;
	int kind = hwloc_cpukinds_get_by_cpuset(c->native, object->cpuset, 0);
	int efficiency = -1;
	if (kind >= 0)
		hwloc_cpukinds_get_info(c->native, (unsigned)kind, NULL, &efficiency, NULL, NULL,
					0);
	/* Unranked kinds still differ: their number keeps them apart. */
	node->kind = efficiency >= 0 ? efficiency : kind;
}

/* Copy `object` and all below it to a new child of `parent`. */
static enum assay_code convert(struct conversion *c, hwloc_obj_t object, struct tree_node *parent,
			       struct tree_node **ret)
{
	enum tree_type type;
	if (!node_type(object, &type) && parent)
		return convert_below(c, object, parent);
	unsigned number = object->os_index;
	if (number == HWLOC_UNKNOWN_INDEX)
		number = TREE_UNKNOWN;
	if ((type == TREE_PU || type == TREE_NUMA) && number >= MOST_PUS)
		return assay_fail(c->err, ASSAY_EPARSE, "topology: %s number %u is not plausible",
				  type == TREE_PU ? "CPU" : "NUMA node", number);
	struct tree_node *node = tree_add(parent, type, number);
	if (!node)
		return assay_fail(c->err, ASSAY_ENOMEM, "topology: out of memory");
	if (type == TREE_CACHE) {
		node->level = object->attr->cache.depth;
		node->bytes = object->attr->cache.size;
		node->line_bytes = object->attr->cache.linesize;
		node->ways = object->attr->cache.associativity;
	} else if (type == TREE_NUMA) {
		node->bytes = object->attr->numanode.local_memory;
	} else if (type == TREE_PU) {
		fill_pu(c, object, node);
	}
	if (ret)
		*ret = node;
	return convert_below(c, object, node);
}

static void copy_info(char *to, size_t size, hwloc_obj_t object, const char *key)
{
	const char *value = object ? hwloc_obj_get_info_by_name(object, key) : NULL;
	if (value && !to[0])
		assay_copy(to, size, value);
}

static void read_cpu(hwloc_topology_t native, struct tree_cpu *ret)
{
	hwloc_obj_t objects[] = {hwloc_get_obj_by_type(native, HWLOC_OBJ_PACKAGE, 0),
				 hwloc_get_root_obj(native)};
	for (size_t i = 0; i < ASSAY_COUNT_OF(objects); i++) {
		copy_info(ret->vendor, sizeof(ret->vendor), objects[i], "CPUVendor");
		copy_info(ret->vendor, sizeof(ret->vendor), objects[i], "CPUImplementer");
		copy_info(ret->family, sizeof(ret->family), objects[i], "CPUFamilyNumber");
		copy_info(ret->family, sizeof(ret->family), objects[i], "CPUArchitecture");
		copy_info(ret->model, sizeof(ret->model), objects[i], "CPUModelNumber");
		copy_info(ret->model, sizeof(ret->model), objects[i], "CPUPart");
		copy_info(ret->stepping, sizeof(ret->stepping), objects[i], "CPUStepping");
		copy_info(ret->stepping, sizeof(ret->stepping), objects[i], "CPURevision");
		copy_info(ret->name, sizeof(ret->name), objects[i], "CPUModel");
	}
}

/* CPUs that may be used: hwloc's allowed set and, on this machine, the caller's affinity mask. */
static hwloc_bitmap_t usable_set(hwloc_topology_t native, bool live)
{
	hwloc_bitmap_t usable = hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(native));
	hwloc_bitmap_t bound = live ? hwloc_bitmap_alloc() : NULL;
	if (usable && bound && hwloc_get_cpubind(native, bound, HWLOC_CPUBIND_THREAD) == 0)
		hwloc_bitmap_and(usable, usable, bound);
	hwloc_bitmap_free(bound);
	return usable;
}

/*
 * Memory of this machine is what the kernel manages: hwloc adds up the nodes' own counts, which miss
 * memory that was plugged in later (4.3 of 23.5 GiB on one virtual machine) and move while it
 * runs. The figure travels in the XML, so that the fingerprint survives the round trip.
 */
static uint64_t live_memory(hwloc_topology_t native)
{
	uint64_t bytes = sysfs_memory_bytes("");
	hwloc_obj_t root = hwloc_get_root_obj(native);
	if (!bytes)
		return root->total_memory;
	char text[24];
	snprintf(text, sizeof(text), "%" PRIu64, bytes);
	if (!hwloc_obj_get_info_by_name(root, MEMORY_KEY))
		hwloc_obj_add_info(root, MEMORY_KEY, text);
	return bytes;
}

static uint64_t declared_memory(hwloc_topology_t native)
{
	hwloc_obj_t root = hwloc_get_root_obj(native);
	const char *text = hwloc_obj_get_info_by_name(root, MEMORY_KEY);
	uint64_t bytes = text ? strtoull(text, NULL, 10) : 0;
	return bytes ? bytes : root->total_memory;
}

/* hwloc's one-line description, for those trees that have one (regular, one kind of memory). */
static char *describe(hwloc_topology_t native)
{
	char text[4096];
	int n = hwloc_topology_export_synthetic(native, text, sizeof(text),
						HWLOC_TOPOLOGY_EXPORT_SYNTHETIC_FLAG_NO_ATTRS);
	return n > 0 && (size_t)n < sizeof(text) ? strdup(text) : NULL;
}

static enum assay_code adopt(hwloc_topology_t native, struct assay_topology *topology,
			     struct assay_err *err)
{
	topology->live = hwloc_topology_is_thissystem(native) != 0;
	topology->memory_bytes = topology->live ? live_memory(native) : declared_memory(native);
	read_cpu(native, &topology->cpu);
	assay_copy(topology->origin, sizeof(topology->origin), "hwloc " HWLOC_VERSION);
	topology->synthetic = describe(native);
	struct conversion conversion = {
		.native = native,
		.usable = usable_set(native, topology->live),
		.kinds = hwloc_cpukinds_get_nr(native, 0),
		.err = err,
	};
	if (!conversion.usable)
		return assay_fail(err, ASSAY_ENOMEM, "topology: out of memory");
	enum assay_code rc =
		convert(&conversion, hwloc_get_root_obj(native), NULL, &topology->root);
	hwloc_bitmap_free(conversion.usable);
	return rc;
}

/*
 * Refuse descriptions of machines larger than any: hwloc would build them, slowly, until memory is
 * gone. The PUs are the product of the counts; what stands in brackets describes memory or sizes.
 */
static enum assay_code check_size(const char *description, struct assay_err *err)
{
	double pus = 1;
	int depth = 0;
	for (const char *c = description; *c; c++) {
		depth += *c == '(' || *c == '[';
		depth -= *c == ')' || *c == ']';
		bool start = c == description || c[-1] == ':' || c[-1] == ' ';
		if (depth == 0 && start && *c >= '0' && *c <= '9')
			pus *= strtod(c, NULL);
	}
	if (pus > MOST_PUS)
		return assay_fail(err, ASSAY_EPARSE,
				  "synthetic topology asks for %.0f CPUs; at most %d make sense",
				  pus, MOST_PUS);
	return ASSAY_OK;
}

static enum assay_code set_synthetic(hwloc_topology_t native, const char *description,
				     struct assay_err *err)
{
	enum assay_code rc = check_size(description, err);
	if (rc != ASSAY_OK)
		return rc;
	char clean[120];
	assay_sanitise(clean, sizeof(clean), description);
	if (hwloc_topology_set_synthetic(native, description) != 0)
		return assay_fail(err, ASSAY_EPARSE,
				  "'%s' is not a synthetic topology (write for example "
				  "'synthetic:pack:2 numa:4 core:8 pu:2')",
				  clean);
	return ASSAY_OK;
}

static enum assay_code read_file(const char *path, char **ret, size_t *ret_n, struct assay_err *err)
{
	char clean[160];
	assay_sanitise(clean, sizeof(clean), path);
	ASSAY_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0)
		return assay_fail(
			err, ASSAY_EIO,
			"topology file '%s': %s (or write synthetic:... for a made-up one)", clean,
			strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size > MOST_XML_BYTES)
		return assay_fail(err, ASSAY_EIO, "topology file '%s' is not an XML file", clean);
	char *text = malloc((size_t)st.st_size + 1);
	if (!text)
		return assay_fail(err, ASSAY_ENOMEM, "topology file '%s': out of memory", clean);
	size_t n = 0;
	ssize_t got = 1;
	while (n < (size_t)st.st_size && got > 0) {
		got = read(fd, text + n, (size_t)st.st_size - n);
		n += got > 0 ? (size_t)got : 0;
	}
	if (got < 0) {
		free(text);
		return assay_fail(err, ASSAY_EIO, "topology file '%s': %s", clean, strerror(errno));
	}
	text[n] = '\0';
	*ret = text;
	*ret_n = n;
	return ASSAY_OK;
}

static enum assay_code set_xml(hwloc_topology_t native, const char *path, struct assay_err *err)
{
	char *text = NULL;
	size_t n = 0;
	enum assay_code rc = read_file(path, &text, &n, err);
	if (rc != ASSAY_OK)
		return rc;
	/* hwloc counts the final NUL. It parses a copy at load time. */
	bool taken = n > 0 && hwloc_topology_set_xmlbuffer(native, text, (int)n + 1) == 0;
	free(text);
	char clean[160];
	assay_sanitise(clean, sizeof(clean), path);
	if (!taken)
		return assay_fail(err, ASSAY_EPARSE, "'%s' is not an hwloc XML file", clean);
	return ASSAY_OK;
}

#define SYNTHETIC "synthetic:"

/* Does every memory node that the root speaks of exist? hwloc takes it for granted later, by an assertion. */
static bool nodes_exist(hwloc_topology_t native)
{
	hwloc_const_nodeset_t nodes = hwloc_get_root_obj(native)->nodeset;
	int n = nodes ? hwloc_bitmap_weight(nodes) : -1; /* -1: without end */
	int at = n < 0 ? -1 : hwloc_bitmap_first(nodes);
	for (; at >= 0; at = hwloc_bitmap_next(nodes, at))
		if (!hwloc_get_numanode_obj_by_os_index(native, (unsigned)at))
			return false;
	return n > 0;
}

static enum assay_code load_native(const char *spec, hwloc_topology_t *ret, struct assay_err *err)
{
	hwloc_topology_t native;
	if (hwloc_topology_init(&native) != 0)
		return assay_fail(err, ASSAY_ENOMEM, "hwloc: %s", strerror(errno));
	/* CPUs outside our cgroup are shown and hashed too: a container does not change the machine. */
	hwloc_topology_set_flags(native, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
	hwloc_topology_set_io_types_filter(native, HWLOC_TYPE_FILTER_KEEP_NONE);
	hwloc_topology_set_type_filter(native, HWLOC_OBJ_MISC, HWLOC_TYPE_FILTER_KEEP_NONE);
	enum assay_code rc = ASSAY_OK;
	if (spec && strncmp(spec, SYNTHETIC, strlen(SYNTHETIC)) == 0)
		rc = set_synthetic(native, spec + strlen(SYNTHETIC), err);
	else if (spec)
		rc = set_xml(native, spec, err);
	if (rc == ASSAY_OK &&
	    (hwloc_topology_load(native) != 0 || (spec && !nodes_exist(native)))) {
		char clean[120] = "this machine";
		if (spec)
			assay_sanitise(clean, sizeof(clean), spec);
		rc = assay_fail(err, spec ? ASSAY_EPARSE : ASSAY_EIO,
				"hwloc cannot make a topology of %s%s", clean,
				spec ? " (malformed, or from an incompatible version)" : "");
	}
	if (rc != ASSAY_OK)
		hwloc_topology_destroy(native);
	else
		*ret = native;
	return rc;
}

static enum assay_code load_here(const char *spec, struct assay_topology *topology,
				 struct assay_err *err)
{
	hwloc_topology_t native = NULL;
	enum assay_code rc = load_native(spec, &native, err);
	if (rc != ASSAY_OK)
		return rc;
	topology->native = native;
	return adopt(native, topology, err);
}

enum { TRIAL_SECONDS = 10, TRIAL_MOST_KIB = 384 * 1024 };

/* In a child of its own: nothing is left, and nobody waits for it for ever. */
static _Noreturn void load_in_child(const char *spec)
{
	struct assay_topology topology = {0};
	struct assay_err ignored = {0};
	static const int deadly[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	for (size_t i = 0; i < ASSAY_COUNT_OF(deadly); i++)
		signal(deadly[i], SIG_DFL); /* a sanitizer would make them an exit */
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	setrlimit(RLIMIT_CPU, &(struct rlimit){TRIAL_SECONDS, TRIAL_SECONDS});
	if (null >= 0)
		dup2(null, STDERR_FILENO);
	_exit(load_here(spec, &topology, &ignored) == ASSAY_OK ? 0 : 1);
}

/* hwloc trusts the files it reads: some that are damaged end the process. Better a child than us. */
static enum assay_code try_file(const char *spec, struct assay_err *err)
{
	char clean[120];
	int status = 0;
	struct rusage own, used = {0};
	pid_t pid = fork();
	if (pid == 0)
		load_in_child(spec);
	while (pid > 0 && wait4(pid, &status, 0, &used) < 0 && errno == EINTR)
		;
	assay_sanitise(clean, sizeof(clean), spec);
	if (pid < 0)
		return assay_fail(err, ASSAY_EIO, "topology file '%s': %s", clean, strerror(errno));
	if (WIFSIGNALED(status))
		return assay_fail(
			err, ASSAY_EPARSE,
			"topology file '%s' is damaged: hwloc did not survive it (signal %d)",
			clean, WTERMSIG(status));
	getrusage(RUSAGE_SELF, &own); /* with which the child began */
	if (used.ru_maxrss >
	    own.ru_maxrss + TRIAL_MOST_KIB) /* a set of CPUs or nodes with a number out of reach */
		return assay_fail(err, ASSAY_EPARSE,
				  "topology file '%s' is damaged: hwloc takes %ld MiB to read it",
				  clean, (used.ru_maxrss - own.ru_maxrss) / 1024);
	return ASSAY_OK; /* what else is wrong with it is said when it is loaded */
}

static enum assay_code load(const char *spec, struct assay_topology *topology,
			    struct assay_err *err)
{
	bool file = spec && strncmp(spec, SYNTHETIC, strlen(SYNTHETIC)) != 0;
	enum assay_code rc = file ? try_file(spec, err) : ASSAY_OK;
	return rc == ASSAY_OK ? load_here(spec, topology, err) : rc;
}

static void free_native(void *native)
{
	if (native)
		hwloc_topology_destroy(native);
}

/* Does this line of hwloc's XML name the machine, its owner or the moment rather than its kind? */
static bool private_line(const char *line, size_t n)
{
	static const char *const keys[] = {
		"\"HostName\"", "\"ProcessName\"", "\"LinuxCgroup\"",
		"Serial\"",     "UUID\"",          "AssetTag\"",
	};
	if (!memmem(line, n, "<info name=", 11))
		return false;
	for (size_t i = 0; i < ASSAY_COUNT_OF(keys); i++)
		if (memmem(line, n, keys[i], strlen(keys[i])))
			return true;
	return false;
}

enum assay_code assay_topology_xml(const struct assay_topology *topology, char **ret,
				   struct assay_err *err)
{
	char *xml;
	int n;
	if (hwloc_topology_export_xmlbuffer(topology->native, &xml, &n, 0) != 0)
		return assay_fail(err, ASSAY_EIO, "hwloc: export to XML: %s", strerror(errno));
	struct assay_str kept = {0};
	for (const char *line = xml; *line;) {
		size_t length = strcspn(line, "\n");
		length += line[length] == '\n';
		if (!private_line(line, length))
			assay_str_put(&kept, line, length);
		line += length;
	}
	hwloc_free_xmlbuffer(topology->native, xml);
	if (kept.failed) {
		assay_str_done(&kept);
		return assay_fail(err, ASSAY_ENOMEM, "topology XML: out of memory");
	}
	*ret = kept.text;
	return ASSAY_OK;
}

#else /* !ASSAY_HWLOC */

static enum assay_code load(const char *spec, struct assay_topology *topology,
			    struct assay_err *err)
{
	if (spec)
		return assay_fail(
			err, ASSAY_SKIP,
			"XML and synthetic topologies need hwloc, and this build has none");
	return sysfs_topology_load("", topology, err);
}

static void free_native(void *native)
{
	(void)native;
}

enum assay_code assay_topology_xml(const struct assay_topology *topology, char **ret,
				   struct assay_err *err)
{
	(void)topology, (void)ret;
	return assay_fail(err, ASSAY_SKIP, "topology XML needs hwloc, and this build has none");
}

#endif

enum assay_code assay_topology_load(const char *spec, struct assay_topology **ret,
				    struct assay_err *err)
{
	struct assay_topology *topology = calloc(1, sizeof(*topology));
	if (!topology)
		return assay_fail(err, ASSAY_ENOMEM, "topology: out of memory");
	enum assay_code rc = load(spec, topology, err);
	if (rc == ASSAY_OK)
		rc = tree_finish(topology, err);
	if (rc != ASSAY_OK) {
		assay_topology_free(topology);
		return rc;
	}
	*ret = topology;
	return ASSAY_OK;
}

void assay_topology_free(struct assay_topology *topology)
{
	if (!topology)
		return;
	free_native(topology->native);
	tree_free(topology->root);
	free(topology->pus);
	free(topology->synthetic);
	free(topology);
}
