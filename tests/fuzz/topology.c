/* SPDX-License-Identifier: MIT */
/* topology: an XML file of hwloc's, or a description after "synthetic:", is a machine or is refused. */
#include <sys/mman.h>
#include <unistd.h>

#include "harness/base/attr.h"
#include "harness/machine/topology.h"
#include "tests/fuzz/fuzz.h"

/* hwloc 2.9 forgets the object it was reading when an XML file ends too early. */
const char *__lsan_default_suppressions(void);
ASSAY_API const char *__lsan_default_suppressions(void)
{
	return "leak:libhwloc\n";
}

static void look(const char *spec)
{
	struct assay_err err = {0};
	struct assay_topology *topology = NULL;
	struct assay_machine_shape shape;
	uint8_t first[32], second[32];
	if (assay_topology_load(spec, &topology, &err) != ASSAY_OK) {
		must(err.text[0]);
		return;
	}
	size_t n;
	must(assay_topology_pus(topology, &n) && n >= 1);
	assay_topology_shape(topology, &shape);
	assay_topology_fingerprint(topology, first);
	assay_topology_fingerprint(topology, second);
	must(memcmp(first, second, sizeof(first)) == 0);
	json_decref(assay_topology_json(topology));
	char *xml = NULL;
	if (assay_topology_xml(topology, &xml, &err) == ASSAY_OK)
		must(!strstr(xml, "\"HostName\""));
	free(xml);
	assay_topology_free(topology);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size >= 10 && memcmp(data, "synthetic:", 10) == 0) {
		char *text = fuzz_text(data, size < 200 ? size : 200);
		look(text);
		free(text);
		return 0;
	}
	int fd = memfd_create("topology", MFD_CLOEXEC);
	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	look(path);
	close(fd);
	return 0;
}
