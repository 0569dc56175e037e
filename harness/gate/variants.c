/* SPDX-License-Identifier: MIT */
/* variants: the manifest of a set, and finding a set by what the user named. */
#include "harness/gate/variants.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/base/json.h"
#include "harness/gate/variants_elf.h"

enum { MAX_MANIFEST_BYTES = 1024 * 1024 };

void assay_variants_done(struct assay_variants *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->n; i++) {
		free(set->variants[i].path);
		free(set->variants[i].file);
	}
	free(set->variants);
	free(set->folder);
	free(set->output);
	free(set->symbol);
	*set = (struct assay_variants){0};
}

static json_t *variant_json(const struct assay_variant *v)
{
	json_t *json = json_object();
	json_object_set_new(json, "file", assay_json_text(v->file));
	json_object_set_new(json, "pad_bytes", json_integer((json_int_t)v->pad_bytes));
	json_object_set_new(json, "code_at", json_integer((json_int_t)v->code_at));
	json_object_set_new(json, "moved", json_integer((json_int_t)v->moved));
	json_object_set_new(json, "length_bytes", json_integer((json_int_t)v->length_bytes));
	json_object_set_new(json, "digest", assay_json_text(v->digest));
	return json;
}

json_t *assay_variants_json(const struct assay_variants *set, bool complete)
{
	json_t *json = json_object(), *list = json_array();
	json_object_set_new(json, "schema", json_string("assay/1"));
	json_object_set_new(json, "kind", json_string("variants"));
	json_object_set_new(json, "complete", json_boolean(complete));
	json_object_set_new(json, "output", assay_json_text(set->output));
	json_object_set_new(json, "step_bytes", json_integer((json_int_t)set->step_bytes));
	json_object_set_new(json, "functions", json_integer((json_int_t)set->functions));
	json_object_set_new(json, "symbol", assay_json_text(set->symbol));
	for (size_t i = 0; i < set->n; i++)
		json_array_append_new(list, variant_json(&set->variants[i]));
	json_object_set_new(json, "variants", list);
	return json;
}

/* A whole number that is not negative; false where there is none. */
static bool get_number(const json_t *json, const char *key, uint64_t *ret)
{
	const json_t *value = json_object_get(json, key);
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return false;
	*ret = (uint64_t)json_integer_value(value);
	return true;
}

/* A copy of the text, NULL where there is none. */
static char *get_text(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));
	return text ? strdup(text) : NULL;
}

/* A file of the folder itself, and none that is hidden. */
static bool file_name_valid(const char *name)
{
	return name && *name && *name != '.' && !strchr(name, '/');
}

static enum assay_code parse_variant(const json_t *json, const char *folder,
				     struct assay_variant *v, struct assay_err *err)
{
	const char *digest = json_string_value(json_object_get(json, "digest"));
	v->file = get_text(json, "file");
	if (!file_name_valid(v->file) || !digest ||
	    !assay_copy(v->digest, sizeof(v->digest), digest) ||
	    !get_number(json, "pad_bytes", &v->pad_bytes) ||
	    !get_number(json, "code_at", &v->code_at) || !get_number(json, "moved", &v->moved) ||
	    !get_number(json, "length_bytes", &v->length_bytes))
		return assay_fail(err, ASSAY_EPARSE, "it does not describe a variant");
	ASSAY_AUTO(assay_str_done) struct assay_str path = {0};
	assay_str_add(&path, "%s/%s", folder ? folder : ".", v->file);
	v->path = path.failed ? NULL : strdup(assay_str_text(&path));
	return v->path ? ASSAY_OK : assay_fail(err, ASSAY_ENOMEM, "out of memory for a path");
}

static enum assay_code parse_list(const json_t *list, struct assay_variants *ret,
				  struct assay_err *err)
{
	size_t n = json_array_size(list);
	if (n == 0 || n > ASSAY_VARIANTS_MAX)
		return assay_fail(err, ASSAY_EPARSE, "it lists %zu variants; there are 1 to %d", n,
				  ASSAY_VARIANTS_MAX);
	ret->variants = calloc(n, sizeof(*ret->variants));
	if (!ret->variants)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for %zu variants", n);
	for (; ret->n < n; ret->n++) {
		size_t i = ret->n;
		enum assay_code code =
			parse_variant(json_array_get(list, i), ret->folder, &ret->variants[i], err);
		if (code == ASSAY_OK && i &&
		    ret->variants[i].pad_bytes <= ret->variants[i - 1].pad_bytes)
			code = assay_fail(err, ASSAY_EPARSE, "its pad does not grow");
		if (code != ASSAY_OK) {
			ret->n++; /* what there is of it is freed with the rest */
			return assay_context(err, code, "variant %zu", i);
		}
	}
	return ASSAY_OK;
}

enum assay_code assay_variants_parse(const char *text, size_t length, struct assay_variants *ret,
				     bool *ret_complete, struct assay_err *err)
{
	json_error_t at;
	json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &at);
	if (!json)
		return assay_fail(err, ASSAY_EPARSE, "line %d: %s", at.line, at.text);
	const char *kind = json_string_value(json_object_get(json, "kind"));
	const json_t *complete = json_object_get(json, "complete");
	enum assay_code code = ASSAY_OK;
	ret->output = get_text(json, "output");
	ret->symbol = get_text(json, "symbol");
	if (!kind || strcmp(kind, "variants") != 0 || !json_is_boolean(complete) || !ret->output ||
	    !ret->symbol || !get_number(json, "step_bytes", &ret->step_bytes) ||
	    !get_number(json, "functions", &ret->functions))
		code = assay_fail(err, ASSAY_EPARSE, "it is not the manifest of a set of variants");
	else
		code = parse_list(json_object_get(json, "variants"), ret, err);
	*ret_complete = json_is_true(complete);
	json_decref(json);
	return code;
}

/* Is the file the one that was built? */
static enum assay_code check_file(const struct assay_variant *v, struct assay_err *err)
{
	struct assay_file_bytes file;
	struct stat st;
	char digest[ASSAY_DIGEST_SIZE] = "";
	if (stat(v->path, &st) != 0 && errno == ENOENT)
		return assay_fail(err, ASSAY_EUSAGE, "'%s' is gone; build the set again", v->file);
	enum assay_code code = assay_file_map(v->path, &file, err);
	if (code != ASSAY_OK)
		return code;
	if (file.length == v->length_bytes)
		assay_digest(file.bytes, file.length, digest);
	assay_file_unmap(&file);
	if (strcmp(digest, v->digest) != 0)
		return assay_fail(err, ASSAY_EUSAGE,
				  "'%s' is not the file that was built; build the set again",
				  v->file);
	return ASSAY_OK;
}

static enum assay_code read_set(const char *manifest, struct assay_variants *ret,
				struct assay_err *err)
{
	struct assay_file_bytes file;
	bool complete = false;
	enum assay_code code = assay_file_map(manifest, &file, err);
	if (code == ASSAY_OK && file.length > MAX_MANIFEST_BYTES)
		code = assay_fail(err, ASSAY_EPARSE, "it is longer than %d bytes",
				  MAX_MANIFEST_BYTES);
	if (code == ASSAY_OK)
		code = assay_variants_parse(file.bytes ? file.bytes : "", file.length, ret,
					    &complete, err);
	assay_file_unmap(&file);
	if (code == ASSAY_EPARSE)
		return assay_context(err, code, "'%s'", manifest);
	if (code == ASSAY_OK && !complete)
		code = assay_fail(
			err, ASSAY_EUSAGE,
			"it is not complete: building it was interrupted; build it again");
	for (size_t i = 0; code == ASSAY_OK && i < ret->n; i++)
		code = check_file(&ret->variants[i], err);
	return assay_context(err, code, "the set '%s'", ret->folder);
}

/* The folder of a manifest: what stands before its name, "." when that is nothing. */
static char *folder_of(const char *manifest)
{
	const char *slash = strrchr(manifest, '/');
	if (!slash)
		return strdup(".");
	return strndup(manifest, slash == manifest ? 1 : (size_t)(slash - manifest));
}

static enum assay_code plain_file(const char *path, struct assay_variants *ret,
				  struct assay_err *err)
{
	const char *slash = strrchr(path, '/');
	ret->variants = calloc(1, sizeof(*ret->variants));
	if (ret->variants) {
		ret->n = 1;
		ret->variants[0].path = strdup(path);
		ret->variants[0].file = strdup(slash ? slash + 1 : path);
	}
	if (!ret->variants || !ret->variants[0].path || !ret->variants[0].file)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a path");
	return ASSAY_OK;
}

static enum assay_code find(const char *path, struct assay_variants *ret, struct assay_err *err)
{
	struct stat st;
	const char *slash = strrchr(path, '/');
	if (stat(path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR))
		return assay_fail(err, ASSAY_EUSAGE, "there is no file or folder '%s'", path);
	if (stat(path, &st) != 0)
		return assay_fail(err, ASSAY_EIO, "look at '%s': %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode) && strcmp(slash ? slash + 1 : path, ASSAY_VARIANTS_MANIFEST) != 0)
		return plain_file(path, ret, err);
	ASSAY_AUTO(assay_str_done) struct assay_str manifest = {0};
	assay_str_add(&manifest, S_ISDIR(st.st_mode) ? "%s/" ASSAY_VARIANTS_MANIFEST : "%s", path);
	ret->folder = S_ISDIR(st.st_mode) ? strdup(path) : folder_of(path);
	if (manifest.failed || !ret->folder)
		return assay_fail(err, ASSAY_ENOMEM, "out of memory for a path");
	if (stat(assay_str_text(&manifest), &st) != 0 && errno == ENOENT)
		return assay_fail(err, ASSAY_EUSAGE,
				  "'%s' is a folder without " ASSAY_VARIANTS_MANIFEST
				  "; 'assay variants -o FOLDER -- LINK COMMAND' makes a set",
				  path);
	return read_set(assay_str_text(&manifest), ret, err);
}

enum assay_code assay_variants_find(const char *path, struct assay_variants *ret,
				    struct assay_err *err)
{
	enum assay_code code = find(path, ret, err);
	if (code != ASSAY_OK)
		assay_variants_done(ret);
	return code;
}
