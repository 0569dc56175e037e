-- The store, schema 1. docs/schema.md explains each table. A released schema is never edited: a change
-- is a migration in migrate.c and a new version here.

CREATE TABLE machine (
	id INTEGER PRIMARY KEY,
	uuid BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
	fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
	name TEXT NOT NULL,
	topology_xml TEXT,
	first_seen_ns INTEGER NOT NULL
) STRICT;

CREATE TABLE environment (
	id INTEGER PRIMARY KEY,
	hash BLOB NOT NULL CHECK (length(hash) = 32),
	digest BLOB NOT NULL CHECK (length(digest) = 32),
	facts TEXT NOT NULL,
	UNIQUE (hash, digest)
) STRICT;

CREATE TABLE revision (
	id INTEGER PRIMARY KEY,
	repo TEXT NOT NULL DEFAULT '',
	sha TEXT NOT NULL,
	dirty INTEGER NOT NULL CHECK (dirty IN (0, 1)),
	parent TEXT,
	branch TEXT,
	committed_ns INTEGER,
	UNIQUE (repo, sha, dirty)
) STRICT;

CREATE TABLE run (
	id INTEGER PRIMARY KEY,
	uuid BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
	machine INTEGER NOT NULL REFERENCES machine (id),
	environment INTEGER NOT NULL REFERENCES environment (id),
	revision INTEGER REFERENCES revision (id),
	status TEXT NOT NULL
		CHECK (status IN ('running', 'complete', 'interrupted', 'crashed', 'imported')),
	started_ns INTEGER NOT NULL,
	finished_ns INTEGER,
	owner TEXT,
	noise TEXT NOT NULL,
	seed INTEGER NOT NULL,
	profile TEXT NOT NULL,
	version TEXT NOT NULL,
	machine_facts TEXT NOT NULL,
	argv TEXT NOT NULL,
	plan TEXT NOT NULL
) STRICT;
CREATE INDEX run_by_time ON run (started_ns, id);
CREATE INDEX run_by_machine ON run (machine);
CREATE INDEX run_by_revision ON run (revision);

CREATE TABLE run_tag (
	run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_tag_by_value ON run_tag (value, key);

CREATE TABLE benchmark (
	id INTEGER PRIMARY KEY,
	suite TEXT NOT NULL,
	name TEXT NOT NULL,
	version INTEGER NOT NULL,
	UNIQUE (suite, name, version)
) STRICT;

CREATE TABLE metric (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	unit TEXT NOT NULL,
	better TEXT NOT NULL CHECK (better IN ('lower', 'higher')),
	UNIQUE (name, unit, better)
) STRICT;

CREATE TABLE series (
	id INTEGER PRIMARY KEY,
	key BLOB NOT NULL UNIQUE CHECK (length(key) = 32),
	benchmark INTEGER NOT NULL REFERENCES benchmark (id),
	metric INTEGER NOT NULL REFERENCES metric (id),
	subject TEXT NOT NULL,
	threads INTEGER NOT NULL,
	name TEXT NOT NULL
) STRICT;
CREATE INDEX series_by_name ON series (name);

CREATE TABLE param (
	series INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,
	position INTEGER NOT NULL,
	name TEXT NOT NULL,
	value TEXT NOT NULL,
	number REAL,
	PRIMARY KEY (series, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE result (
	id INTEGER PRIMARY KEY,
	run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	series INTEGER NOT NULL REFERENCES series (id),
	machine INTEGER NOT NULL REFERENCES machine (id),
	revision INTEGER REFERENCES revision (id),
	started_ns INTEGER NOT NULL,
	elapsed_ns INTEGER NOT NULL,
	is_primary INTEGER NOT NULL CHECK (is_primary IN (0, 1)),
	status TEXT NOT NULL
		CHECK (status IN ('ok', 'skipped', 'failed', 'crashed', 'timeout', 'unstable')),
	reason TEXT NOT NULL,
	n INTEGER NOT NULL CHECK (n >= 0),
	median REAL,
	lo REAL,
	hi REAL,
	min REAL,
	max REAL,
	mean REAL,
	sd REAL,
	mad REAL,
	p50 REAL,
	p90 REAL,
	p99 REAL,
	p999 REAL,
	bytes_per_op REAL,
	flops_per_op REAL,
	cpu_ratio REAL,
	flags INTEGER NOT NULL,
	driver TEXT NOT NULL,
	clock TEXT NOT NULL,
	noise TEXT NOT NULL,
	UNIQUE (run, series)
) STRICT;
-- Answers a series' history without touching the table.
CREATE INDEX result_history
	ON result (series, started_ns, run, machine, revision, status, median, lo, hi);

CREATE TABLE sample_set (
	result INTEGER NOT NULL REFERENCES result (id) ON DELETE CASCADE,
	kind TEXT NOT NULL CHECK (kind IN ('samples', 'histogram')),
	encoding TEXT NOT NULL CHECK (encoding IN ('raw', 'zstd')),
	n INTEGER NOT NULL CHECK (n >= 0),
	launches INTEGER NOT NULL CHECK (launches >= 0),
	crc INTEGER NOT NULL,
	data BLOB NOT NULL,
	PRIMARY KEY (result, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE counter (
	result INTEGER NOT NULL REFERENCES result (id) ON DELETE CASCADE,
	position INTEGER NOT NULL,
	event TEXT NOT NULL,
	source TEXT NOT NULL,
	unit TEXT NOT NULL,
	quality TEXT NOT NULL
		CHECK (quality IN ('unavailable', 'exact', 'scaled', 'simulated', 'derived')),
	value REAL,
	raw INTEGER NOT NULL,
	enabled_ns INTEGER NOT NULL,
	running_ns INTEGER NOT NULL,
	reason TEXT NOT NULL,
	PRIMARY KEY (result, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE gpu_activity (
	id INTEGER PRIMARY KEY,
	result INTEGER NOT NULL REFERENCES result (id) ON DELETE CASCADE,
	kind TEXT NOT NULL,
	name TEXT NOT NULL,
	device INTEGER NOT NULL,
	stream INTEGER,
	count INTEGER NOT NULL,
	total_ns INTEGER NOT NULL,
	max_ns INTEGER NOT NULL,
	bytes INTEGER,
	attributes TEXT
) STRICT;
CREATE INDEX gpu_activity_by_result ON gpu_activity (result);

CREATE TABLE attachment (
	id INTEGER PRIMARY KEY,
	run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	result INTEGER REFERENCES result (id) ON DELETE CASCADE,
	kind TEXT NOT NULL,
	name TEXT NOT NULL,
	encoding TEXT NOT NULL CHECK (encoding IN ('raw', 'zstd')),
	size INTEGER NOT NULL,
	crc INTEGER NOT NULL,
	data BLOB NOT NULL
) STRICT;
CREATE INDEX attachment_by_run ON attachment (run);
CREATE INDEX attachment_by_result ON attachment (result);

CREATE TABLE baseline (
	name TEXT NOT NULL,
	machine INTEGER NOT NULL REFERENCES machine (id),
	run INTEGER NOT NULL REFERENCES run (id),
	set_ns INTEGER NOT NULL,
	PRIMARY KEY (name, machine)
) STRICT, WITHOUT ROWID;
CREATE INDEX baseline_by_run ON baseline (run);

CREATE TABLE verdict (
	id INTEGER PRIMARY KEY,
	run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	series INTEGER NOT NULL REFERENCES series (id),
	against INTEGER REFERENCES run (id) ON DELETE SET NULL,
	decision TEXT NOT NULL,
	reason TEXT NOT NULL,
	method TEXT NOT NULL,
	policy TEXT NOT NULL,
	n INTEGER NOT NULL,
	ratio REAL,
	lo REAL,
	hi REAL,
	p REAL,
	made_ns INTEGER NOT NULL
) STRICT;
CREATE INDEX verdict_by_run ON verdict (run, series);
CREATE INDEX verdict_by_against ON verdict (against);

CREATE TABLE acknowledgement (
	id INTEGER PRIMARY KEY,
	uuid BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
	series_key BLOB NOT NULL CHECK (length(series_key) = 32),
	fingerprint BLOB CHECK (fingerprint IS NULL OR length(fingerprint) = 32),
	since TEXT,
	decision TEXT NOT NULL CHECK (decision IN ('accepted', 'false-alarm', 'tracked')),
	limit_ratio REAL,
	author TEXT NOT NULL,
	note TEXT NOT NULL,
	made_ns INTEGER NOT NULL,
	expires_ns INTEGER
) STRICT;
CREATE INDEX acknowledgement_by_series ON acknowledgement (series_key);

CREATE TABLE change_point (
	id INTEGER PRIMARY KEY,
	series INTEGER NOT NULL REFERENCES series (id),
	machine INTEGER NOT NULL REFERENCES machine (id),
	run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
	state TEXT NOT NULL CHECK (state IN ('proposed', 'confirmed', 'dismissed')),
	method TEXT NOT NULL,
	ratio REAL NOT NULL,
	lo REAL,
	hi REAL,
	p REAL,
	made_ns INTEGER NOT NULL,
	UNIQUE (series, machine, run)
) STRICT;
CREATE INDEX change_point_by_run ON change_point (run);
