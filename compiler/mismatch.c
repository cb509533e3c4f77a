/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is said of a value that is of another type than is asked for, and what to do about it. */
#include "compiler/elab.h"

const char *type_text(struct elab *el, const struct type *t)
{
	struct buf b = {0};

	type_shown(t, &b);
	return buf_take(&b, el->a).s;
}

const char *val_string(struct elab *el, struct val v)
{
	struct buf b = {0};

	val_text(v, &b);
	return buf_take(&b, el->a).s;
}

bool type_is_enum(const struct type *t)
{
	return t->tag < T_COUNT && type_has_words((enum type_tag)t->tag);
}

bool is_secret(struct val v)
{
	return v.type == V_NODE && v.u.node->tag == KIND_secret;
}

void secret_refused(struct elab *el, struct val v, struct span at, const char *where)
{
	struct str name = v.u.node->name.text;
	struct diag *d = say(el, DIAG_secret_text, at, "the bytes of secret `%.*s` cannot be in %s", STR_ARG(name), where);

	say_help(el, d, "a container is given a secret as a file (secret %.*s -> /run/secrets/%.*s) or as environment (env-files = [%.*s])", STR_ARG(name), STR_ARG(name),
		 STR_ARG(name));
}

struct val mismatch(struct elab *el, struct val v, const struct expr *e, const struct type *t, const struct target *to)
{
	enum diag_code code = v.type == V_NONE || v.type == V_ABSENT ? DIAG_value_none : DIAG_type_mismatch;

	if (v.type == V_NODE && v.u.node->contested)
		return val_poison();
	if (is_secret(v) && t->tag != T_SECRETREFS) {
		secret_refused(el, v, e->at, str_fmt(el->a, "`%.*s`", STR_ARG(to->name)).s);
		return val_poison();
	}
	struct diag *d = say(el, code, e->at, type_is_enum(t) ? "`%.*s` is %s, not %s" : "`%.*s` takes %s, not %s",
			     STR_ARG(to->name), type_text(el, t), val_shown(v));

	say_label(el, d, "%s", code == DIAG_value_none ? "not set" : val_shown(v));
	help_mismatch(el, d, v, e, t, to);
	return val_poison();
}

static struct str str_lower(struct arena *a, struct str s)
{
	struct str lower = str_copy(a, s);

	for (size_t i = 0; i < s.n; i++)
		if (s.s[i] >= 'A' && s.s[i] <= 'Z')
			((char *)(uintptr_t)lower.s)[i] = (char)(s.s[i] | 0x20);
	return lower;
}

struct val ill_formed(struct elab *el, enum diag_code code, const char *wrong, struct str s, const struct expr *e,
		      const struct target *to)
{
	struct diag *d = s.n == 0 ? say(el, code, e->at, "`%.*s` cannot be empty", STR_ARG(to->name)) :
			 s.n > 80 ? say(el, code, e->at, "`%.*s` cannot be this: %s", STR_ARG(to->name), wrong) :
				    say(el, code, e->at, "`%.*s` cannot be `%.*s`: %s", STR_ARG(to->name), STR_ARG(s), wrong);
	struct str lower = str_lower(el->a, s);

	struct str bare = lower, scheme = STR("://");
	const char *behind = memmem(lower.s, lower.n, scheme.s, scheme.n);

	if (behind)
		bare = (struct str){behind + scheme.n, lower.n - (size_t)(behind + scheme.n - lower.s)};
	if (code == DIAG_image_form && s.n && !form_image(bare))
		say_help(el, d, "did you mean \"%.*s\"?", STR_ARG(bare));
	else if (code == DIAG_image_form)
		say_help(el, d, "an image is named by its registry, name and tag, or digest: \"docker.io/library/nginx:1.27\"");
	if (code == DIAG_path && s.n && !strchr("/~$.", s.s[0]))
		say_help(el, d, str_has(s, '/') ? "from the root on: \"/%.*s\"" : "say where it is, from the root on: \"/srv/%.*s\"", STR_ARG(s));
	if (code == DIAG_address && !str_has(s, ':') && !form_remote(STR_JOIN(el->a, s, STR(":51820")), &(struct remote){0}))
		say_help(el, d, "with its port: \"%.*s:51820\"", STR_ARG(s));
	if (code == DIAG_path && !path_wrong(s))
		say_help(el, d, "what is really called so is written path(\"…\")");
	return val_poison();
}
