/* SPDX-License-Identifier: MIT */
/* merge_sql: what assay_store_merge() does, as SQL over the file attached as `src`. */
#ifndef ASSAY_STORE_MERGE_SQL_H
#define ASSAY_STORE_MERGE_SQL_H

/* Old ids to new ones; `known` runs are here already, `same` ones with the same results. */
#define MERGE_MAPS                                                                                   \
	"CREATE TEMP TABLE IF NOT EXISTS merge_run (old INTEGER PRIMARY KEY, new INTEGER,"           \
	" known INTEGER NOT NULL, same INTEGER NOT NULL, machine INTEGER, revision INTEGER) STRICT;" \
	"CREATE TEMP TABLE IF NOT EXISTS merge_machine (old INTEGER PRIMARY KEY,"                    \
	" new INTEGER NOT NULL) STRICT;"                                                             \
	"CREATE TEMP TABLE IF NOT EXISTS merge_series (old INTEGER PRIMARY KEY, new INTEGER,"        \
	" known INTEGER NOT NULL) STRICT;"                                                           \
	"CREATE TEMP TABLE IF NOT EXISTS merge_past (id INTEGER NOT NULL) STRICT;"                   \
	"CREATE TEMP TABLE IF NOT EXISTS merge_scope (whole INTEGER NOT NULL) STRICT;"               \
	"CREATE TEMP TABLE IF NOT EXISTS merge_outdated (id INTEGER PRIMARY KEY) STRICT;"            \
	"DELETE FROM temp.merge_outdated;"                                                           \
	"DELETE FROM temp.merge_run; DELETE FROM temp.merge_machine;"                                \
	"DELETE FROM temp.merge_past; DELETE FROM temp.merge_scope;"

/* Made by the same statements: so no need to look closer. */
#define MERGE_SAME_SCHEMA                                                                 \
	"SELECT (SELECT count(*) FROM src.sqlite_schema WHERE type <> 'index') ="         \
	" (SELECT count(*) FROM main.sqlite_schema WHERE type <> 'index') AND NOT EXISTS" \
	" (SELECT type, name, tbl_name, sql FROM src.sqlite_schema WHERE type <> 'index'" \
	" EXCEPT SELECT type, name, tbl_name, sql FROM main.sqlite_schema)"

/* Of the same tables and columns, and none that computes: what is read is what is stored. */
#define MERGE_FOREIGN_SCHEMA                                                                \
	"SELECT coalesce(min(name), '') FROM ("                                             \
	" SELECT name FROM src.sqlite_schema WHERE type IN ('view', 'trigger') UNION ALL"   \
	" SELECT name FROM (SELECT t.name, c.name, c.type, c.hidden FROM src.sqlite_schema" \
	" t, pragma_table_xinfo(t.name, 'src') c WHERE t.type = 'table'"                    \
	" EXCEPT SELECT t.name, c.name, c.type, c.hidden FROM main.sqlite_schema t,"        \
	" pragma_table_xinfo(t.name, 'main') c WHERE t.type = 'table') UNION ALL"           \
	" SELECT name FROM main.sqlite_schema WHERE type = 'table'"                         \
	" AND name NOT IN (SELECT name FROM src.sqlite_schema WHERE type = 'table')"        \
	" AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\')"

/* ?1: the one run wanted, NULL for all. */
#define MERGE_RUNS                                                              \
	"INSERT INTO temp.merge_run (old, new, known, same) SELECT s.id, m.id," \
	" m.id IS NOT NULL, m.id IS NOT NULL AND s.status = m.status"           \
	" AND s.finished_ns IS m.finished_ns"                                   \
	" AND (SELECT count(*) FROM src.result r WHERE r.run = s.id)"           \
	" = (SELECT count(*) FROM main.result r WHERE r.run = m.id)"            \
	" FROM src.run s LEFT JOIN main.run m ON m.uuid = s.uuid"               \
	" WHERE ?1 IS NULL OR s.id = ?1"

#define MERGE_IN_RUNS " IN (SELECT old FROM temp.merge_run)"

/* Rows that machines, environments and revisions have in common are found by what they say. */
#define MERGE_ORIGINS                                                                         \
	"INSERT INTO main.machine (uuid, fingerprint, name, topology_xml, first_seen_ns)"     \
	" SELECT uuid, fingerprint, name, topology_xml, first_seen_ns FROM src.machine"       \
	" WHERE id IN (SELECT machine FROM src.run WHERE id" MERGE_IN_RUNS                    \
	")"                                                                                   \
	" ON CONFLICT (uuid) DO UPDATE SET topology_xml ="                                    \
	" coalesce(min(topology_xml, excluded.topology_xml), topology_xml,"                   \
	" excluded.topology_xml), first_seen_ns = min(first_seen_ns, excluded.first_seen_ns)" \
	" WHERE excluded.first_seen_ns < first_seen_ns OR (excluded.topology_xml IS NOT NULL" \
	" AND (topology_xml IS NULL OR excluded.topology_xml < topology_xml));"               \
	"INSERT INTO temp.merge_machine (old, new) SELECT s.id, m.id FROM src.machine s"      \
	" JOIN main.machine m ON m.uuid = s.uuid;"                                            \
	"INSERT OR IGNORE INTO main.environment (hash, digest, facts)"                        \
	" SELECT hash, digest, facts FROM src.environment"                                    \
	" WHERE id IN (SELECT environment FROM src.run WHERE id" MERGE_IN_RUNS                \
	");"                                                                                  \
	"INSERT INTO main.revision (repo, sha, dirty, parent, branch, committed_ns)"          \
	" SELECT repo, sha, dirty, parent, branch, committed_ns FROM src.revision"            \
	" WHERE id IN (SELECT revision FROM src.run WHERE id" MERGE_IN_RUNS                   \
	")"                                                                                   \
	" ON CONFLICT (repo, sha, dirty) DO NOTHING;"

/* A status may rise, never fall; a run that says it runs here is of the same rank as a crashed one. */
#define MERGE_RANK(status)                                                       \
	"instr('running crashed interrupted imported complete', replace(" status \
	",'running','crashed'))"

#define MERGE_NEW_RUNS                                                                          \
	"INSERT INTO main.run (uuid, machine, environment, revision, status, started_ns,"       \
	" finished_ns, owner, noise, seed, profile, version, machine_facts, argv, plan)"        \
	" SELECT s.uuid, m.new, e.id, v.id,"                                                    \
	" CASE s.status WHEN 'running' THEN 'crashed' ELSE s.status END, s.started_ns,"         \
	" s.finished_ns, NULL, s.noise, s.seed, s.profile, s.version, s.machine_facts, s.argv," \
	" s.plan FROM temp.merge_run x JOIN src.run s ON s.id = x.old"                          \
	" JOIN temp.merge_machine m ON m.old = s.machine"                                       \
	" JOIN src.environment se ON se.id = s.environment"                                     \
	" JOIN main.environment e ON e.hash = se.hash AND e.digest = se.digest"                 \
	" LEFT JOIN src.revision sv ON sv.id = s.revision"                                      \
	" LEFT JOIN main.revision v ON v.repo = sv.repo AND v.sha = sv.sha"                     \
	" AND v.dirty = sv.dirty WHERE NOT x.known ORDER BY s.uuid;"                            \
	"UPDATE temp.merge_run SET new = m.id, machine = m.machine, revision = m.revision"      \
	" FROM src.run s JOIN main.run m ON m.uuid = s.uuid WHERE s.id = old;"
#define MERGE_OLD_RUNS                                                                     \
	"UPDATE main.run SET status = s.status, finished_ns = s.finished_ns, owner = NULL" \
	" FROM temp.merge_run x JOIN src.run s ON s.id = x.old"                            \
	" WHERE main.run.id = x.new AND x.known AND s.status <> 'running'"                 \
	" AND (" MERGE_RANK("s.status") " > " MERGE_RANK(                                  \
		"main.run.status") " OR (s.status = main.run.status AND s.finished_ns > main.run.finished_ns));"
#define MERGE_TAGS                                                                \
	"INSERT INTO main.run_tag (run, key, value) SELECT x.new, t.key, t.value" \
	" FROM temp.merge_run x JOIN src.run_tag t ON t.run = x.old WHERE true"   \
	" ON CONFLICT (run, key) DO UPDATE SET value = excluded.value"            \
	" WHERE excluded.value > value;"

#define MERGE_SERIES                                                                           \
	"DELETE FROM temp.merge_series;"                                                       \
	"INSERT INTO temp.merge_series (old, new, known) SELECT s.id, m.id, m.id IS NOT NULL"  \
	" FROM src.series s LEFT JOIN main.series m ON m.key = s.key WHERE s.id IN ("          \
	"SELECT r.series FROM temp.merge_run x JOIN src.result r ON r.run = x.old"             \
	" WHERE NOT x.same UNION SELECT v.series FROM src.verdict v WHERE v.run" MERGE_IN_RUNS \
	" UNION SELECT c.series FROM src.change_point c WHERE c.run" MERGE_IN_RUNS ");"

/* Series of one key, and machines of one UUID, that are not the same thing. */
#define MERGE_OTHER_SERIES                                                                       \
	"SELECT coalesce(min(s.name), '') FROM temp.merge_series x"                              \
	" JOIN src.series s ON s.id = x.old JOIN src.benchmark b ON b.id = s.benchmark"          \
	" JOIN src.metric t ON t.id = s.metric JOIN main.series m ON m.id = x.new"               \
	" JOIN main.benchmark mb ON mb.id = m.benchmark JOIN main.metric mt ON mt.id = m.metric" \
	" WHERE (b.suite, b.name, b.version, t.name, t.unit, t.better, s.subject, s.threads)"    \
	" <> (mb.suite, mb.name, mb.version, mt.name, mt.unit, mt.better, m.subject, m.threads)"
#define MERGE_OTHER_MACHINE                                                       \
	"SELECT coalesce(min(s.name), '') FROM src.machine s JOIN main.machine m" \
	" ON m.uuid = s.uuid WHERE (s.fingerprint, s.name) <> (m.fingerprint, m.name)"

/* Is every series of the file in the map? Then the next file of the same dictionary needs no other. */
#define MERGE_ALL_MAPPED \
	"SELECT (SELECT count(*) FROM src.series) = (SELECT count(*) FROM temp.merge_series)"

/* For series_key of what is new: one row per series, then its parameters. */
#define MERGE_UNKNOWN_SERIES                                                         \
	"SELECT s.id, s.key, b.suite, b.name, b.version, s.subject, m.name, m.unit," \
	" m.better, s.threads, s.name FROM temp.merge_series x JOIN src.series s"    \
	" ON s.id = x.old JOIN src.benchmark b ON b.id = s.benchmark"                \
	" JOIN src.metric m ON m.id = s.metric WHERE NOT x.known"
#define MERGE_PARAMS "SELECT name, value FROM src.param WHERE series = ? ORDER BY position"

#define MERGE_NEW_SERIES                                                                    \
	"INSERT OR IGNORE INTO main.benchmark (suite, name, version)"                       \
	" SELECT b.suite, b.name, b.version FROM temp.merge_series x JOIN src.series s"     \
	" ON s.id = x.old JOIN src.benchmark b ON b.id = s.benchmark WHERE NOT x.known;"    \
	"INSERT OR IGNORE INTO main.metric (name, unit, better)"                            \
	" SELECT m.name, m.unit, m.better FROM temp.merge_series x JOIN src.series s"       \
	" ON s.id = x.old JOIN src.metric m ON m.id = s.metric WHERE NOT x.known;"          \
	"INSERT INTO main.series (key, benchmark, metric, subject, threads, name)"          \
	" SELECT s.key, mb.id, mm.id, s.subject, s.threads, s.name"                         \
	" FROM temp.merge_series x JOIN src.series s ON s.id = x.old"                       \
	" JOIN src.benchmark b ON b.id = s.benchmark JOIN src.metric m ON m.id = s.metric"  \
	" JOIN main.benchmark mb ON mb.suite = b.suite AND mb.name = b.name"                \
	" AND mb.version = b.version JOIN main.metric mm ON mm.name = m.name"               \
	" AND mm.unit = m.unit AND mm.better = m.better WHERE NOT x.known ORDER BY s.name;" \
	"UPDATE temp.merge_series SET new = (SELECT m.id FROM src.series s"                 \
	" JOIN main.series m ON m.key = s.key WHERE s.id = old) WHERE NOT known;"           \
	"INSERT INTO main.param (series, position, name, value, number)"                    \
	" SELECT x.new, p.position, p.name, p.value, p.number FROM temp.merge_series x"     \
	" JOIN src.param p ON p.series = x.old WHERE NOT x.known;"

/* Results with their runs: read in their order, or, of one run among many, found by it. */
#define MERGE_SCAN \
	"temp.merge_past p CROSS JOIN src.result s CROSS JOIN temp.merge_run x ON x.old = s.run"
#define MERGE_FIND \
	"temp.merge_past p CROSS JOIN temp.merge_run x CROSS JOIN src.result s ON s.run = x.old"

/*
 * Results keep their ids, moved past those that are here: what hangs on them follows without a map. Of two
 * results of one run and series the later one stays (a resumed run measured again).
 */
#define MERGE_OUTDATED                                                                     \
	"INSERT INTO temp.merge_outdated (id) SELECT m.id FROM temp.merge_run x"           \
	" JOIN src.result s ON s.run = x.old JOIN temp.merge_series e ON e.old = s.series" \
	" JOIN main.result m ON m.run = x.new AND m.series = e.new"                        \
	" WHERE x.known AND NOT x.same AND s.started_ns > m.started_ns;"                   \
	"DELETE FROM main.sample_set WHERE result" MERGE_IS_OUTDATED                       \
	"DELETE FROM main.counter WHERE result" MERGE_IS_OUTDATED                          \
	"DELETE FROM main.gpu_activity WHERE result" MERGE_IS_OUTDATED                     \
	"DELETE FROM main.attachment WHERE result" MERGE_IS_OUTDATED                       \
	"DELETE FROM main.result WHERE id" MERGE_IS_OUTDATED
#define MERGE_IS_OUTDATED " IN (SELECT id FROM temp.merge_outdated);"

#define MERGE_PAST "INSERT INTO temp.merge_past (id) SELECT coalesce(max(id), 0) FROM main.result;"
#define MERGE_AS_IT_IS                                                                        \
	" s.started_ns, s.elapsed_ns, s.is_primary, s.status, s.reason, s.n, s.median, s.lo," \
	" s.hi, s.min, s.max, s.mean, s.sd, s.mad, s.p50, s.p90, s.p99, s.p999,"              \
	" s.bytes_per_op, s.flops_per_op, s.cpu_ratio, s.flags, s.driver, s.clock, s.noise"
#define MERGE_RESULTS(from)                                                                               \
	"INSERT INTO main.result SELECT s.id + p.id, x.new, e.new, x.machine, x.revision," MERGE_AS_IT_IS \
	" FROM " from                                                                                     \
	" CROSS JOIN temp.merge_series e ON e.old = s.series WHERE NOT x.same AND (NOT x.known"           \
	" OR NOT EXISTS (SELECT 1 FROM main.result m WHERE m.run = x.new AND m.series = e.new));"

/* The results that came in, as (old id, new id). */
#define MERGE_CAME(from)                                            \
	" FROM " from                                               \
	" AND NOT x.same AND (NOT x.known OR EXISTS (SELECT 1 FROM" \
	" main.result m WHERE m.id = s.id + p.id))"

/* Parts of results that came in. */
#define MERGE_SAMPLES(from)                                                                   \
	"INSERT INTO main.sample_set (result, kind, encoding, n, launches, crc, data)"        \
	" SELECT s.id + p.id, d.kind, d.encoding, d.n, d.launches, d.crc, d.data" MERGE_CAME( \
		from) " CROSS JOIN src.sample_set d ON d.result = s.id;"
#define MERGE_COUNTERS(from)                                                                  \
	"INSERT INTO main.counter SELECT s.id + p.id, c.position, c.event, c.source, c.unit," \
	" c.quality, c.value, c.raw, c.enabled_ns, c.running_ns, c.reason" MERGE_CAME(        \
		from) " CROSS JOIN src.counter c ON c.result = s.id;"
#define MERGE_ACTIVITIES(from)                                                                \
	"INSERT INTO main.gpu_activity (result, kind, name, device, stream, count, total_ns," \
	" max_ns, bytes, attributes) SELECT s.id + p.id, g.kind, g.name, g.device, g.stream," \
	" g.count, g.total_ns, g.max_ns, g.bytes, g.attributes" MERGE_CAME(                   \
		from) " CROSS JOIN src.gpu_activity g ON g.result = s.id;"

/*
 * A plain file whose one run is new: all of it comes in, and what the constraints ask was found in it already. Half
 * of the time of the statements above.
 */
#define MERGE_TRUSTING "PRAGMA ignore_check_constraints = ON;"
#define MERGE_ASKING   "PRAGMA ignore_check_constraints = OFF;"
#define MERGE_ALL_RESULTS                                                                                 \
	"INSERT INTO main.result SELECT s.id + p.id, x.new, e.new, x.machine, x.revision," MERGE_AS_IT_IS \
	" FROM temp.merge_past p CROSS JOIN temp.merge_run x"                                             \
	" CROSS JOIN src.result s NOT INDEXED CROSS JOIN temp.merge_series e ON e.old = s.series;"
#define MERGE_ALL_SAMPLES                                                              \
	"INSERT INTO main.sample_set SELECT d.result + p.id, d.kind, d.encoding, d.n," \
	" d.launches, d.crc, d.data FROM temp.merge_past p CROSS JOIN src.sample_set d;"
#define MERGE_ALL_COUNTERS                                                                        \
	"INSERT INTO main.counter SELECT c.result + p.id, c.position, c.event, c.source, c.unit," \
	" c.quality, c.value, c.raw, c.enabled_ns, c.running_ns, c.reason"                        \
	" FROM temp.merge_past p CROSS JOIN src.counter c;"

#define MERGE_ATTACHMENTS                                                                        \
	"INSERT INTO main.attachment (run, result, kind, name, encoding, size, crc, data)"       \
	" SELECT x.new, (SELECT m.id FROM src.result s JOIN temp.merge_series e"                 \
	" ON e.old = s.series JOIN main.result m ON m.run = x.new AND m.series = e.new"          \
	" WHERE s.id = a.result), a.kind, a.name, a.encoding, a.size, a.crc, a.data"             \
	" FROM temp.merge_run x JOIN src.attachment a ON a.run = x.old WHERE NOT EXISTS (SELECT" \
	" 1 FROM main.attachment m WHERE m.run = x.new AND m.kind = a.kind AND m.name = a.name"  \
	" AND m.size = a.size AND m.crc = a.crc) ORDER BY a.id;"

/* What people and gates said of the results. */
#define MERGE_VERDICTS                                                                           \
	"INSERT INTO main.verdict (run, series, against, decision, reason, method, policy, n,"   \
	" ratio, lo, hi, p, made_ns) SELECT x.new, e.new, g.id, v.decision, v.reason, v.method," \
	" v.policy, v.n, v.ratio, v.lo, v.hi, v.p, v.made_ns FROM temp.merge_run x"              \
	" JOIN src.verdict v ON v.run = x.old JOIN temp.merge_series e ON e.old = v.series"      \
	" LEFT JOIN src.run sg ON sg.id = v.against LEFT JOIN main.run g ON g.uuid = sg.uuid"    \
	" WHERE NOT EXISTS (SELECT 1 FROM main.verdict m WHERE m.run = x.new"                    \
	" AND m.series = e.new AND m.made_ns = v.made_ns AND m.method = v.method"                \
	" AND m.decision = v.decision) ORDER BY v.id;"                                           \
	"UPDATE main.verdict SET against = g.id FROM temp.merge_run x JOIN src.verdict v"        \
	" ON v.run = x.old JOIN temp.merge_series e ON e.old = v.series JOIN src.run sg"         \
	" ON sg.id = v.against JOIN main.run g ON g.uuid = sg.uuid WHERE main.verdict.run ="     \
	" x.new AND main.verdict.series = e.new AND main.verdict.made_ns = v.made_ns"            \
	" AND main.verdict.method = v.method AND main.verdict.against IS NULL;"
#define MERGE_ACKNOWLEDGEMENTS                                                                   \
	"INSERT INTO main.acknowledgement (uuid, series_key, fingerprint, since, decision,"      \
	" limit_ratio, author, note, made_ns, expires_ns) SELECT uuid, series_key, fingerprint," \
	" since, decision, limit_ratio, author, note, made_ns, expires_ns"                       \
	" FROM src.acknowledgement WHERE (SELECT whole FROM temp.merge_scope)"                   \
	" ON CONFLICT (uuid) DO UPDATE SET expires_ns = excluded.expires_ns"                     \
	" WHERE excluded.expires_ns IS NOT NULL"                                                 \
	" AND (expires_ns IS NULL OR excluded.expires_ns < expires_ns);"
#define MERGE_CHANGE_POINTS                                                                     \
	"INSERT INTO main.change_point (series, machine, run, state, method, ratio, lo, hi, p," \
	" made_ns) SELECT e.new, m.new, x.new, c.state, c.method, c.ratio, c.lo, c.hi, c.p,"    \
	" c.made_ns FROM temp.merge_run x JOIN src.change_point c ON c.run = x.old"             \
	" JOIN temp.merge_series e ON e.old = c.series JOIN temp.merge_machine m"               \
	" ON m.old = c.machine WHERE true ON CONFLICT (series, machine, run) DO UPDATE"         \
	" SET state = excluded.state, method = excluded.method, ratio = excluded.ratio,"        \
	" lo = excluded.lo, hi = excluded.hi, p = excluded.p, made_ns = excluded.made_ns"       \
	" WHERE (excluded.state <> 'proposed', excluded.made_ns, length(excluded.method),"      \
	" excluded.method, excluded.ratio) > (state <> 'proposed', made_ns, length(method),"    \
	" method, ratio);"
#define MERGE_BASELINES                                                                       \
	"INSERT INTO main.baseline (name, machine, run, set_ns) SELECT b.name, m.new, x.new," \
	" b.set_ns FROM src.baseline b JOIN temp.merge_run x ON x.old = b.run"                \
	" JOIN temp.merge_machine m ON m.old = b.machine WHERE (SELECT whole FROM"            \
	" temp.merge_scope) ON CONFLICT (name, machine) DO UPDATE SET run = excluded.run,"    \
	" set_ns = excluded.set_ns WHERE (excluded.set_ns, (SELECT uuid FROM main.run"        \
	" WHERE id = excluded.run)) > (set_ns, (SELECT uuid FROM main.run WHERE id = main.baseline.run));"

#endif
