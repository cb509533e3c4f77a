/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules about secrets: where their bytes come from, and who is given them. */
#include "compiler/rules_impl.h"

#include <strings.h>

#include "compiler/names.h"

#define rules_each_secret(p, r)                                  \
	vec_each(struct m_stack *const, s_, &(r)->model->stacks) \
		vec_each(struct m_secret *const, p, &(*s_)->secret)

RULE(secret_source)
{
	rules_each_secret(at, r) {
		const struct m_secret *s = *at;
		int sources = s->file.set + s->encrypted_file.set + s->encrypted.set;

		if (sources == 0)
			diag_help(r->diags, diag_add(r->diags, code, s->head.at, "secret `%.*s` does not say where its bytes are", STR_ARG(s->head.name)),
				  "secret %.*s { file = /etc/secrets/%.*s }", STR_ARG(s->head.name), STR_ARG(s->head.name));
		else if (sources > 1)
			diag_help(r->diags, diag_add(r->diags, code, s->head.at, "secret `%.*s` comes from %d places", STR_ARG(s->head.name), sources),
				  "keep one of file, encrypted-file and encrypted");
	}
}

/* RFC 4648 without line breaks: what can stand in one line of a unit. */
static bool is_base64(struct str s)
{
	size_t n = s.n;

	while (n && s.n - n < 2 && s.s[n - 1] == '=')
		n--;
	for (size_t i = 0; i < n; i++) {
		char c = s.s[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/'))
			return false;
	}
	return n > 0 && s.n % 4 == 0;
}

RULE(secret_form)
{
	rules_each_secret(at, r) {
		const struct m_secret *s = *at;

		if (!s->encrypted.set || is_base64(s->encrypted.v))
			continue;
		diag_help(r->diags,
			  diag_add(r->diags, code, s->encrypted.at, "`encrypted` of secret `%.*s` is not what systemd-creds writes: base64 in one line", STR_ARG(s->head.name)),
			  "systemd-creds encrypt --name=%.*s FILE - | tr -d '\\n'", STR_ARG(s->head.name));
	}
}

/* A secret that a container is given, and where. */
struct given {
	const struct m_secret *secret;
	struct span at;
};

static void give(struct rules *r, enum diag_code code, struct map *seen, const struct given *g)
{
	const struct given *first = map_add(r->arena, seen, g->secret->head.name, (void *)(uintptr_t)g);
	struct diag *d;

	if (!first)
		return;
	if (first->secret == g->secret)
		d = diag_add(r->diags, code, g->at, "the container is given secret `%.*s` twice", STR_ARG(g->secret->head.name));
	else
		d = diag_add(r->diags, code, g->at, "the container is given two secrets called `%.*s`, and sees them under their names",
			     STR_ARG(g->secret->head.name));
	diag_note(r->diags, d, first->at, "first here");
}

RULE(secret_twice)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;
		struct map files = {0}, envs = {0};
		struct given *g = arena_array(r->arena, c->secret.n + c->rare->env_files.v.n, sizeof *g);

		for (size_t i = 0; i < c->secret.n; i++, g++) {
			*g = (struct given){c->secret.at[i].left.v, c->secret.at[i].left.at};
			give(r, code, &files, g);
		}
		for (size_t i = 0; i < c->rare->env_files.v.n; i++, g++) {
			const struct given *file = map_get(&files, c->rare->env_files.v.at[i]->head.name);

			*g = (struct given){c->rare->env_files.v.at[i], c->rare->env_files.v.spans ? c->rare->env_files.v.spans[i] : c->rare->env_files.at};
			give(r, code, file && file->secret != g->secret ? &files : &envs, g);
		}
	}
}

/* ---- lints ---- */

static const char *const shared[] = {"/tmp/", "/var/tmp/", "/dev/shm/"};

RULE(secret_shared)
{
	rules_each_secret(at, r) {
		const struct f_PATH *file = &(*at)->file;

		for (size_t i = 0; file->set && i < sizeof shared / sizeof shared[0]; i++)
			if (str_starts(file->v, str_of(shared[i])))
				diag_help(r->diags, diag_add(r->diags, code, file->at, "everybody on the host can put another file at %.*s", STR_ARG(file->v)),
					  "keep it where only root writes, such as /etc/secrets");
	}
}

/* Last words of the names of variables that hold a secret; `before`: only behind this word. */
#define WORD(text) {text, sizeof text - 1}
static const struct {
	struct str before, word;
} secret_words[] = {
	{{0}, WORD("PASSWORD")},       {{0}, WORD("PASSWD")},	      {{0}, WORD("PASS")},	      {{0}, WORD("SECRET")},
	{{0}, WORD("TOKEN")},	       {{0}, WORD("APIKEY")},	      {WORD("API"), WORD("KEY")},     {WORD("SECRET"), WORD("KEY")},
	{WORD("PRIVATE"), WORD("KEY")}, {WORD("ENCRYPTION"), WORD("KEY")},
};
#undef WORD

/* The last letters are compared first: they tell most names apart. */
static bool ends_in(struct str *name, struct str word)
{
	size_t n = word.n;

	if (name->n < n || ((name->s[name->n - 1] ^ word.s[n - 1]) & ~0x20))
		return false;
	if (strncasecmp(name->s + name->n - n, word.s, n) != 0 || (name->n > n && name->s[name->n - n - 1] != '_'))
		return false;
	name->n -= name->n > n ? n + 1 : n;
	return true;
}

static bool names_secret(struct str name)
{
	for (size_t i = 0; i < sizeof secret_words / sizeof secret_words[0]; i++) {
		struct str rest = name;

		if (ends_in(&rest, secret_words[i].word) && (!secret_words[i].before.n || ends_in(&rest, secret_words[i].before)))
			return true;
	}
	return false;
}

/* How tokens begin that say themselves what they are, and how long such a token is at least. */
static const struct {
	const char *begin;
	size_t n;
} tokens[] = {
	{"ghp_", 36}, {"gho_", 36}, {"github_pat_", 40}, {"glpat-", 20}, {"xoxb-", 20}, {"xoxp-", 20}, {"AKIA", 20}, {"sk-", 20}, {"hf_", 20}, {"AGE-SECRET-KEY-", 40},
};

/* scheme://user:password@host */
static bool url_with_password(struct str value)
{
	const char *p = str_find(value, STR("://"));
	struct str rest, user;

	if (!p)
		return false;
	rest = (struct str){p + 3, value.n - (size_t)(p + 3 - value.s)};
	rest = str_cut(rest, '/', NULL);
	if (!str_has(rest, '@'))
		return false;
	str_cut(str_cut(rest, '@', NULL), ':', &user);
	return user.n > 0;
}

static bool secret_itself(struct str value)
{
	for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++)
		if (value.n >= tokens[i].n && str_starts(value, str_of(tokens[i].begin)))
			return true;
	return str_find(value, STR("-----BEGIN ")) || url_with_password(value);
}

/* The path of a secret is none, nor is a switch. */
static bool harmless(struct str value)
{
	static const char *const switches[] = {"true", "false", "yes", "no", "on", "off", "1", "0"};

	if (value.n == 0 || value.s[0] == '/')
		return true;
	for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++)
		if (value.n == strlen(switches[i]) && strncasecmp(value.s, switches[i], value.n) == 0)
			return true;
	return false;
}

RULE(secret_literal)
{
	rules_each_container(m, r)
		vec_each(const struct entry_STRING, e, &m->container->env) {
			if (harmless(e->value.v) || (!names_secret(e->name) && !secret_itself(e->value.v)))
				continue;
			diag_help(r->diags,
				  diag_add(r->diags, code, e->value.at, "`%.*s` is written in the source, and whoever reads the unit or the plan reads it", STR_ARG(e->name)),
				  "put the line %.*s=… into a file that only root reads, make it a secret, and name that in env-files", STR_ARG(e->name));
		}
}

RULE(secret_unused)
{
	struct map used = {0};

	rules_each_container(m, r) {
		const struct m_container *c = m->container;

		for (size_t i = 0; i < c->secret.n; i++)
			map_add(r->arena, &used, name_full(r->arena, &c->secret.at[i].left.v->head), c->secret.at[i].left.v);
		if (c->wireguard && c->wireguard->private_key.v)
			map_add(r->arena, &used, name_full(r->arena, &c->wireguard->private_key.v->head), c->wireguard->private_key.v);
		for (size_t i = 0; i < c->rare->env_files.v.n; i++)
			map_add(r->arena, &used, name_full(r->arena, &c->rare->env_files.v.at[i]->head), c->rare->env_files.v.at[i]);
	}
	rules_each_secret(at, r)
		if (!(*at)->head.stack->head.outside && !map_get(&used, name_full(r->arena, &(*at)->head)))
			diag_help(r->diags, diag_add(r->diags, code, (*at)->head.at, "no container is given secret `%.*s`", STR_ARG((*at)->head.name)),
				  "in a container: secret %.*s -> /run/secrets/%.*s", STR_ARG((*at)->head.name), STR_ARG((*at)->head.name));
}
