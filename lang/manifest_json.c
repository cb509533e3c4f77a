/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The canonical text form of a manifest:
 *
 *	{"ctstack-manifest":1,"resources":[
 *	{"kind":"netns","id":"ct-ml-ollama","stack":"ml","owner":"ml.ollama","origin":"ml.ctstack:12:3"},
 *	...
 *	]}
 *
 * One line a resource; keys in the order of res.def after the common ones; a field that is empty, zero or false is left out. */
#include "lang/manifest.h"

#include <jansson.h>

#include "lang/base/cleanup.h"
#include "lang/base/json.h"

static void put_key(struct buf *out, const char *name)
{
	buf_puts(out, ",\"");
	buf_puts(out, name);
	buf_puts(out, "\":");
}

static void put_common(struct buf *out, const char *name, struct str value)
{
	if (value.n) {
		put_key(out, name);
		json_str(out, value);
	}
}

static void put_field(struct buf *out, const struct res_field *f, const struct res *r)
{
	const void *at = (const char *)r + f->offset;
	const struct strs *list = at;

	switch (f->type) {
	case RES_STR:
		put_common(out, f->name, *(const struct str *)at);
		return;
	case RES_INT:
		if (*(const int64_t *)at) {
			put_key(out, f->name);
			buf_fmt(out, "%lld", (long long)*(const int64_t *)at);
		}
		return;
	case RES_BOOL:
		if (*(const bool *)at) {
			put_key(out, f->name);
			buf_puts(out, "true");
		}
		return;
	case RES_STRS:
		if (!list->n)
			return;
		put_key(out, f->name);
		for (size_t i = 0; i < list->n; i++) {
			buf_addc(out, i ? ',' : '[');
			json_str(out, list->at[i]);
		}
		buf_addc(out, ']');
		return;
	}
}

void manifest_encode(const struct manifest *m, struct buf *out)
{
	buf_fmt(out, "{\"ctstack-manifest\":%d,\"resources\":[", MANIFEST_VERSION);
	for (size_t i = 0; i < m->all.n; i++) {
		const struct res *r = m->all.at[i];
		const struct res_info *info = &res_infos[r->kind];

		buf_puts(out, i ? ",\n{\"kind\":\"" : "\n{\"kind\":\"");
		buf_puts(out, info->word);
		buf_puts(out, "\"");
		put_common(out, "id", r->id);
		put_common(out, "stack", r->stack);
		put_common(out, "owner", r->owner);
		put_common(out, "origin", r->origin);
		for (size_t k = 0; k < info->nfields; k++)
			put_field(out, &info->fields[k], r);
		buf_addc(out, '}');
	}
	buf_puts(out, "\n]}\n");
}

static void json_release(json_t **j)
{
	json_decref(*j);
}

static struct str get_str(struct arena *a, const json_t *value)
{
	return str_copy(a, (struct str){json_string_value(value), json_string_length(value)});
}

/* False where the value has another type than the field. */
static bool get_field(struct arena *a, const struct res_field *f, const json_t *value, struct res *r)
{
	void *at = (char *)r + f->offset;
	struct strs *list = at;

	switch (f->type) {
	case RES_STR:
		if (!json_is_string(value))
			return false;
		*(struct str *)at = get_str(a, value);
		return true;
	case RES_INT:
		if (!json_is_integer(value))
			return false;
		*(int64_t *)at = json_integer_value(value);
		return true;
	case RES_BOOL:
		if (!json_is_boolean(value))
			return false;
		*(bool *)at = json_is_true(value);
		return true;
	case RES_STRS:
		if (!json_is_array(value))
			return false;
		list->n = json_array_size(value);
		list->at = arena_array(a, list->n, sizeof *list->at);
		for (size_t i = 0; i < list->n; i++) {
			if (!json_is_string(json_array_get(value, i)))
				return false;
			list->at[i] = get_str(a, json_array_get(value, i));
		}
		return true;
	}
	return false;
}

static const struct res_field *find_field(const struct res_info *info, const char *name)
{
	for (size_t i = 0; i < info->nfields; i++)
		if (strcmp(info->fields[i].name, name) == 0)
			return &info->fields[i];
	return NULL;
}

static int find_kind(const char *word)
{
	for (int k = 0; k < RES_KIND_COUNT; k++)
		if (word && strcmp(res_infos[k].word, word) == 0)
			return k;
	return -1;
}

static int decode_resource(struct manifest *m, size_t number, const json_t *object, struct err *e)
{
	static const struct {
		const char *name;
		size_t offset;
	} common[] = {
		{"stack", offsetof(struct res, stack)},
		{"owner", offsetof(struct res, owner)},
		{"origin", offsetof(struct res, origin)},
	};
	int kind = find_kind(json_string_value(json_object_get(object, "kind")));
	const json_t *id = json_object_get(object, "id"), *value;
	const char *key;

	if (kind < 0)
		return err_set(e, -EBADMSG, "resource %zu has no kind that this program knows", number);
	if (!json_string_length(id)) /* 0, too, of what is no string */
		return err_set(e, -EBADMSG, "resource %zu has no id", number);
	struct res *r = manifest_add(m, (enum res_kind)kind, (struct str){json_string_value(id), json_string_length(id)});
	json_object_foreach((json_t *)object, key, value) {
		const struct res_field *f = find_field(&res_infos[kind], key);
		size_t c = 0;

		if (strcmp(key, "kind") == 0 || strcmp(key, "id") == 0)
			continue;
		while (c < 3 && strcmp(common[c].name, key) != 0)
			c++;
		if (c < 3 && json_is_string(value))
			*(struct str *)((char *)r + common[c].offset) = get_str(m->arena, value);
		else if (c < 3 || !f || !get_field(m->arena, f, value, r))
			return err_set(e, -EBADMSG, "resource %zu (%s %s) has a field `%.60s` that does not belong there", number,
				       res_infos[kind].word, r->id.s, key);
	}
	return 0;
}

int manifest_decode(struct str text, struct manifest *ret, struct err *e)
{
	json_error_t at;
	_cleanup_(json_release) json_t *root = json_loadb(text.n ? text.s : "", text.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &at);

	if (!root)
		return err_set(e, -EBADMSG, "line %d, column %d: %s", at.line, at.column, at.text);
	const json_t *version = json_object_get(root, "ctstack-manifest"), *list = json_object_get(root, "resources");
	if (!json_is_integer(version) || !json_is_array(list))
		return err_set(e, -EBADMSG, "this is no manifest of ctstack");
	if (json_integer_value(version) != MANIFEST_VERSION)
		return err_set(e, -EPROTO, "the manifest has version %lld; this ctc reads version %d", (long long)json_integer_value(version),
			       MANIFEST_VERSION);
	for (size_t i = 0; i < json_array_size(list); i++) {
		int r = decode_resource(ret, i + 1, json_array_get(list, i), e);

		if (r < 0)
			return r;
	}
	const struct res *twice = manifest_seal(ret);
	if (twice)
		return err_set(e, -EBADMSG, "the manifest has %s %s twice", res_infos[twice->kind].word, twice->id.s);
	return 0;
}
