/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Saved plans, see saved.h. Nothing in the file is trusted to say what to do: it says only what must be found. */
#include "runtime/cli/saved.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lang/base/cleanup.h"
#include "runtime/digest.h"
#include "runtime/plan_seal.h"

static struct str digest_of(struct arena *a, struct str text)
{
	char digest[DIGEST_TEXT + 1];

	digest_hex(text, digest);
	return str_copy(a, str_of(digest));
}

static struct saved_source *sources_of(struct arena *a, struct compilation *c, size_t *ret_n)
{
	struct texts t = input_texts(c);
	struct saved_source *all = arena_array(a, t.n + 1, sizeof *all);

	for (size_t i = 0; i < t.n; i++)
		all[i] = (struct saved_source){t.at[i].path, digest_of(a, t.at[i].text)};
	*ret_n = t.n;
	return all;
}

static struct str wanted_of(struct arena *a, const struct manifest *m)
{
	_buf_ struct buf text = {0};

	manifest_encode(m, &text);
	return digest_of(a, buf_view(&text));
}

static struct strs list_of(struct arena *a, const char *const *at, size_t n)
{
	struct strs list = {arena_array(a, n + 1, sizeof *list.at), n};

	for (size_t i = 0; i < n; i++)
		list.at[i] = str_of(at[i]);
	return list;
}

static const char *const *words_of(struct arena *a, const struct strs *list)
{
	const char **words = arena_array(a, list->n + 1, sizeof *words);

	for (size_t i = 0; i < list->n; i++)
		words[i] = str_copy(a, list->at[i]).s;
	return words;
}

int saved_write(struct session *s, const char *path, struct compilation *c, const struct input *in, char *const *files, size_t n, bool prune, const struct plan *plan,
		struct err *e)
{
	struct arena *a = &s->arena;
	char directory[PATH_MAX];
	_buf_ struct buf sealed = {0};

	if (!getcwd(directory, sizeof directory))
		return err_errno(e, -errno, "cannot find out the working directory");
	plan_seal(plan, &sealed);
	struct saved_plan p = {
		.directory = str_of(directory),
		.files = list_of(a, (const char *const *)files, n),
		.set = list_of(a, in->set.at, in->set.n),
		.vars = list_of(a, in->vars.at, in->vars.n),
		.include = list_of(a, in->include.at, in->include.n),
		.prune = prune,
		.base = s->current,
		.base_digest = s->current ? s->meta.digest : STR(""),
		.wanted = wanted_of(a, &c->manifest),
		.plan = buf_view(&sealed),
	};
	p.sources = sources_of(a, c, &p.nsources);
	return saved_plan_write(&s->host, path, &p, e);
}

bool saved_is_plan(const char *operand)
{
	struct str s = str_of(operand), end = STR(".ctplan");

	return s.n > end.n && str_ends(s, end);
}

static int stale(struct cli *cli, struct err *e)
{
	report_error(cli, NULL, NULL, e);
	fputs("Nothing was changed: make a new plan.\n", stderr);
	return STATUS_STALE;
}

int saved_compile(struct cli *cli, struct session *s, const char *path, struct compilation *c, struct saved_plan *saved, struct request *q)
{
	struct arena *a = &s->arena;
	struct err e = {0};
	size_t n;
	int r = host_open(&s->host, &e);

	if (r == 0)
		r = saved_plan_read(&s->host, path, a, saved, &e);
	if (r < 0)
		return r == -ESTALE ? stale(cli, &e) : cli_err(cli, &e);
	if (chdir(str_copy(a, saved->directory).s) < 0) {
		err_errno(&e, -errno, "the plan is stale: its directory %.*s", STR_ARG(saved->directory));
		return stale(cli, &e);
	}
	/* Whether the lock was insisted on does not matter any more: it is one of the sources. */
	c->givens = (struct givens){.set = words_of(a, &saved->set),
				    .nset = saved->set.n,
				    .vars = words_of(a, &saved->vars),
				    .nvars = saved->vars.n,
				    .include = words_of(a, &saved->include),
				    .ninclude = saved->include.n};
	if (!input_compile(cli, c, (char *const *)words_of(a, &saved->files), saved->files.n)) {
		err_set(&e, -ESTALE, "the plan is stale: its sources do not compile any more");
		return stale(cli, &e);
	}
	const struct saved_source *now = sources_of(a, c, &n);
	struct str differs = saved_plan_sources(a, saved, now, n);
	if (differs.n || !str_eq(wanted_of(a, &c->manifest), saved->wanted)) {
		err_set(&e, -ESTALE, "the plan is stale: %.*s", STR_ARG(differs.n ? differs : STR("its sources, which have not changed, mean something else to this ctc")));
		return stale(cli, &e);
	}
	q->compiled = &c->manifest;
	q->texts = input_texts(c);
	q->prune = saved->prune;
	q->saved = saved;
	return 0;
}

int saved_check(const struct saved_plan *saved, uint32_t current, struct str current_digest, const struct plan *plan, struct err *e)
{
	_buf_ struct buf now = {0}, differs = {0};

	if (saved->base != current)
		return err_set(e, -ESTALE, "the plan is stale: it was made for generation %u, and generation %u runs", saved->base, current);
	if (current && !str_eq(saved->base_digest, current_digest))
		return err_set(e, -ESTALE, "the plan is stale: generation %u is another one than it was", current);
	plan_seal(plan, &now);
	if (!plan_seal_same(saved->plan, buf_view(&now), &differs))
		return err_set(e, -ESTALE, "the plan is stale: the host has changed since: %.*s", STR_ARG(buf_view(&differs)));
	return 0;
}
