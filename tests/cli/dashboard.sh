#!/bin/sh
# dashboard: the Grafana dashboard of docs/examples asks for what `assay export --format openmetrics` writes, and
# a query for anything else is found. Prints TAP.
# usage: dashboard.sh ASSAY FILL_STORE CHECKER DASHBOARD
set -u
assay=$(realpath "$1") || exit 1
fill=$(realpath "$2") || exit 1
checker=$(realpath "$3") || exit 1
dashboard=$(realpath "$4") || exit 1
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"

# broken SED: the dashboard changed like this is refused
broken()
{
	sed "$1" "$dashboard" >broken.json
	cmp -s "$dashboard" broken.json && return 1
	ends 1 "$checker" broken.json metrics
}

"$fill" results.db || exit 1
check 'a run is exported' ends 0 "$assay" export 1 --format openmetrics -o metrics
check 'every panel and variable finds its metrics and labels' ends 0 "$checker" "$dashboard" metrics
check '  of which there are some' shows '^1\.\.1[0-9]$'
check '  none of them wrong' sh -c '! grep "^not ok" out'
check 'a metric that is not there is found' broken 's/assay_result_upper/assay_result_uper/'
check '  by name' shows 'there is no assay_result_uper'
check 'so is a label' broken 's/benchmark=~/bench=~/'
check '  with its metric' shows 'assay_result_[a-z]* has no label bench$'
check 'and a legend' broken 's/{{subject}}/{{subjekt}}/'
check 'and a variable' broken 's/, machine)/, host)/'
echo "1..$count"
