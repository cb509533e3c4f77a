/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The only file that knows libyaml, see yaml.h. The parser's events become values on a stack of open lists and maps. */
#include "runtime/yaml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "lang/base/cleanup.h"

enum { DEPTH_MAX = 64 };

struct reading {
	yaml_parser_t parser;
	json_t *open[DEPTH_MAX];	/* lists and maps that are not closed yet; each is owned by the one before it */
	char *keys[DEPTH_MAX];		/* of a map: the key that waits for its value */
	size_t depth;
	json_t *root;
	bool done;
	struct err *e;
};

static int refuse(struct reading *r, const yaml_event_t *event, const char *what)
{
	return err_set(r->e, -EBADMSG, "line %zu: %s", event->start_mark.line + 1, what);
}

static json_t *scalar(const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value, *digits = text + (*text == '-');
	size_t n = event->data.scalar.length;

	if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
		if (n == 0 || strcmp(text, "null") == 0 || strcmp(text, "~") == 0)
			return json_null();
		if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
			return json_boolean(*text == 't');
		if (*digits && strlen(text) < 18 && strspn(digits, "0123456789") == strlen(digits) && (*digits != '0' || !digits[1]))
			return json_integer(strtoll(text, NULL, 10));
	}
	return json_stringn(text, n);
}

/* Takes the value. */
static int put(struct reading *r, const yaml_event_t *event, json_t *value)
{
	json_t *in = r->depth ? r->open[r->depth - 1] : NULL;

	if (!value)
		return refuse(r, event, "this text is not UTF-8");
	if (!in) {
		r->root = value;
		return 0;
	}
	if (json_is_array(in))
		return json_array_append_new(in, value) < 0 ? refuse(r, event, "this cannot be kept") : 0;
	char *key = r->keys[r->depth - 1];
	if (json_object_get(in, key)) {
		json_decref(value);
		return refuse(r, event, "a key stands twice");
	}
	int bad = json_object_set_new(in, key, value);
	free(key);
	r->keys[r->depth - 1] = NULL;
	return bad < 0 ? refuse(r, event, "this key is not UTF-8") : 0;
}

static int begin(struct reading *r, const yaml_event_t *event, json_t *value)
{
	int n = r->depth == DEPTH_MAX ? refuse(r, event, "this is nested too deeply") : 0;

	if (n < 0) {
		json_decref(value);
		return n;
	}
	n = put(r, event, value);
	if (n == 0)
		r->open[r->depth++] = value;
	return n;
}

static int key(struct reading *r, const yaml_event_t *event)
{
	if (strlen((const char *)event->data.scalar.value) != event->data.scalar.length)
		return refuse(r, event, "a key has a NUL byte");
	r->keys[r->depth - 1] = strdup((const char *)event->data.scalar.value);
	return r->keys[r->depth - 1] ? 0 : -ENOMEM;
}

static int take(struct reading *r, const yaml_event_t *event)
{
	bool wants_key = r->depth && json_is_object(r->open[r->depth - 1]) && !r->keys[r->depth - 1];

	switch (event->type) {
	case YAML_SCALAR_EVENT:
		if (event->data.scalar.tag)
			return refuse(r, event, "a tag is not understood here");
		return wants_key ? key(r, event) : put(r, event, scalar(event));
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		if (wants_key)
			return refuse(r, event, "a key is a word");
		return begin(r, event, event->type == YAML_MAPPING_START_EVENT ? json_object() : json_array());
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		r->depth--;
		return 0;
	case YAML_ALIAS_EVENT:
		return refuse(r, event, "aliases (*name) are not understood here");
	case YAML_DOCUMENT_START_EVENT:
		return r->root ? refuse(r, event, "there is a second document") : 0;
	case YAML_STREAM_END_EVENT:
		r->done = true;
		return 0;
	default:
		return 0;
	}
}

static int read_all(struct reading *r)
{
	int n = 0;

	while (n == 0 && !r->done) {
		yaml_event_t event;

		if (!yaml_parser_parse(&r->parser, &event))
			return err_set(r->e, -EBADMSG, "line %zu: %s", r->parser.problem_mark.line + 1, r->parser.problem ? r->parser.problem : "no YAML");
		n = take(r, &event);
		yaml_event_delete(&event);
	}
	return n;
}

int yaml_read(struct str text, json_t **ret, struct err *e)
{
	struct reading r = {.e = e};

	if (!yaml_parser_initialize(&r.parser))
		return err_set(e, -ENOMEM, "no memory for a parser of YAML");
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.s, text.n);
	int n = read_all(&r);
	if (n == 0 && !r.root)
		n = err_set(e, -EBADMSG, "there is nothing in it");
	yaml_parser_delete(&r.parser);
	for (size_t i = 0; i < DEPTH_MAX; i++)
		free(r.keys[i]);
	if (n < 0)
		json_decref(r.root);
	else
		*ret = r.root;
	return n;
}
