/* SPDX-License-Identifier: MIT */
/* topo: the machine as hwloc sees it, or any other from its XML, or a made-up one. */
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/declared.h"
#include "harness/base/json.h"
#include "harness/base/str.h"
#include "harness/machine/noise.h"
#include "harness/machine/topology.h"
#include "reports/topology_svg.h"

static const struct cli_option options[] = {
	{"from", 'f', "SPEC", "an hwloc XML file, or 'synthetic:pack:2 numa:4 core:8 pu:2'"},
	{"xml", 0, NULL, "hwloc XML, without host name and serial numbers"},
	{"svg", 0, NULL, "a drawing of packages, caches and cores"},
	{0},
};

/* The clock can only be measured on the machine itself. */
static double measure_clock(const struct assay_topology *topology)
{
	return assay_topology_is_live(topology) ? assay_core_clock_hz() : 0;
}

static enum assay_code print_xml(const struct assay_topology *topology, struct assay_err *err)
{
	ASSAY_AUTO_FREE char *xml = NULL;
	enum assay_code rc = assay_topology_xml(topology, &xml, err);
	if (rc == ASSAY_OK && fputs(xml, stdout) == EOF)
		rc = assay_fail(err, ASSAY_EIO, "cannot write to standard output");
	return rc;
}

static enum assay_code print_svg(const struct assay_topology *topology, struct assay_err *err)
{
	ASSAY_AUTO(assay_str_done) struct assay_str svg = {0};
	json_t *machine = assay_topology_json(topology);
	bool drawn = assay_topology_svg(&svg, machine, true);
	json_decref(machine);
	if (svg.failed)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a drawing");
	if (!drawn)
		return assay_fail(err, ASSAY_EENV,
				  "more processing units than a drawing has room for");
	if (fputs(assay_str_text(&svg), stdout) == EOF)
		return assay_fail(err, ASSAY_EIO, "cannot write to standard output");
	return ASSAY_OK;
}

static enum assay_code print_json(const struct assay_topology *topology, FILE *out,
				  struct assay_err *err)
{
	double hz = measure_clock(topology);
	json_t *measured = json_object();
	json_object_set_new(measured, "core_clock_hz", hz > 0 ? assay_json_real(hz) : json_null());
	json_t *document = json_object();
	json_t *machine = assay_topology_json(topology);
	json_object_set_new(document, "schema", json_string("assay/1"));
	json_object_update(document, machine);
	json_decref(machine);
	json_object_set_new(document, "measured", measured);
	return assay_json_document(document, out, err);
}

static enum assay_code print_text(const struct assay_topology *topology, struct assay_err *err)
{
	enum assay_code rc = assay_topology_print(topology, stdout, err);
	if (rc != ASSAY_OK)
		return rc;
	putchar('\n');
	cli_declared_print(topology, measure_clock(topology), stdout);
	uint8_t digest[32];
	assay_topology_fingerprint(topology, digest);
	printf("\nfingerprint ");
	for (size_t i = 0; i < sizeof(digest); i++)
		printf("%02x", digest[i]);
	putchar('\n');
	return ASSAY_OK;
}

static enum assay_code run(struct cli *cli, const struct cli_args *args, int *ret_exit,
			   struct assay_err *err)
{
	(void)ret_exit;
	if (args->n_positional)
		return assay_fail(err, ASSAY_EUSAGE,
				  "'%s' is one too many; another machine is named with --from",
				  args->positional[0]);
	const char *form = cli_flag(args, "xml") ? "--xml" : "--svg";
	if (cli_flag(args, "xml") && cli_flag(args, "svg"))
		return assay_fail(err, ASSAY_EUSAGE, "--xml and --svg are two outputs; give one");
	if (cli->json_is_stdout && (cli_flag(args, "xml") || cli_flag(args, "svg")))
		return assay_fail(err, ASSAY_EUSAGE, "--json and %s are two outputs; give one",
				  form);
	struct assay_topology *topology;
	enum assay_code rc = assay_topology_load(cli_value(args, "from"), &topology, err);
	if (rc !=
	    ASSAY_OK) /* a file that is not there is the user's slip, not a failed measurement */
		return rc == ASSAY_EIO && cli_value(args, "from") ? ASSAY_EUSAGE : rc;
	if (cli->json)
		rc = print_json(topology, cli->json, err);
	if (rc == ASSAY_OK && !cli->json_is_stdout)
		rc = cli_flag(args, "xml")   ? print_xml(topology, err)
		     : cli_flag(args, "svg") ? print_svg(topology, err)
					     : print_text(topology, err);
	assay_topology_free(topology);
	return rc;
}

const struct cli_verb cli_verb_topo = {
	.name = "topo",
	.usage = "[--xml|--svg] [--from SPEC]",
	.brief = "the machine: packages, NUMA nodes, caches, cores",
	.details =
		"Equal siblings are folded into one line; the right column shows how CPU numbers\n"
		"are dealt out to them. Declared figures stand with those who declare them, for\n"
		"they disagree; measured ones stand beside them.",
	.options = options,
	.paged = true,
	.run = run,
};
