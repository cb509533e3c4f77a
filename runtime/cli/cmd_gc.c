/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc gc: generations that are older than the newest ones, and the images that only these ran, go; what goes is said first (spec/transaction.md, What is removed). Never the current
 * generation, nor its predecessor. */
#include <errno.h>
#include <stdio.h>

#include "lang/base/cleanup.h"
#include "lang/base/map.h"
#include "runtime/cli/ask.h"
#include "runtime/cli/change.h"
#include "runtime/cli/cli.h"
#include "runtime/podman.h"

enum { KEEP_DEFAULT = 10 };

struct rubbish {
	struct session s;
	uint32_t keep;
	VEC(uint32_t) goes;
	struct map kept_images;		/* digest -> anything: generations that stay refer to it */
	struct map seen;		/* digest -> anything: in images already */
	VEC(const struct res_image *) images;
	bool blind;			/* one that stays is damaged, and may refer to any image */
	struct err e;
};

/* Of one generation; what is damaged refers to nothing that is known. */
static void note_images(struct rubbish *g, uint32_t number, bool stays)
{
	struct arena *a = &g->s.arena;
	struct manifest *m = arena_new(a, struct manifest);
	const struct res_image *i;
	struct err unread;

	m->arena = a;
	if (store_load(&g->s.store, number, m, NULL, &unread) < 0) {
		g->blind |= stays;
		return;
	}
	manifest_each(image, i, m) {
		if (!i->digest.n)
			continue;
		if (stays)
			map_set(a, &g->kept_images, i->digest, (void *)i);
		else if (!map_get(&g->kept_images, i->digest) && !map_get(&g->seen, i->digest)) {
			map_set(a, &g->seen, i->digest, (void *)i);
			vec_push(a, &g->images, i);
		}
	}
}

static int look(struct rubbish *g)
{
	struct session *s = &g->s;
	struct pending waits = {0};
	bool found;
	uint32_t *all;
	size_t n;
	int r = store_list(&s->store, &s->arena, &all, &n, &g->e);

	if (r == 0)
		r = store_pending_read(&s->store, &s->arena, &found, &waits, &g->e);
	if (r < 0)
		return r;
	for (size_t pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < n; i++) {
			bool stays = i + g->keep >= n || all[i] == 0 || all[i] == s->current || all[i] == s->meta.base || (found && all[i] == waits.from);

			if (stays == (pass == 0))
				note_images(g, all[i], stays);
			if (pass == 1 && !stays)
				vec_push(&s->arena, &g->goes, all[i]);
		}
	if (g->blind)
		g->images.n = 0;
	return 0;
}

static void print(struct rubbish *g)
{
	for (size_t i = 0; i < g->goes.n; i++) {
		struct manifest m = {.arena = &g->s.arena};
		char when[SESSION_TIME_MAX];
		struct meta meta;
		struct err unread;

		if (store_load(&g->s.store, g->goes.at[i], &m, &meta, &unread) < 0)
			printf("  generation %u (damaged)\n", g->goes.at[i]);
		else
			printf("  generation %-4u  %s  %.*s\n", g->goes.at[i], session_time(meta.time, when), STR_ARG(meta.command));
	}
	vec_each(const struct res_image *const, i, &g->images)
		printf("  image %.*s  %.12s\n", STR_ARG((*i)->res.id), (*i)->digest.s);
	fflush(stdout);
}

/* An image that somebody uses stays: podman says so. */
static int sweep(struct rubbish *g)
{
	for (size_t i = 0; i < g->goes.n; i++) {
		int r = store_drop(&g->s.store, g->goes.at[i], &g->e);

		if (r < 0)
			return r;
	}
	vec_each(const struct res_image *const, i, &g->images) {
		struct err kept;

		if (image_remove(&g->s.host, (*i)->digest, &kept) < 0)
			fprintf(stderr, "note: %s\n", kept.text);
	}
	return 0;
}

static int gc(struct cli *c, struct rubbish *g, bool yes)
{
	if (session_lock(&g->s, "ctc gc", &g->e) < 0 || look(g) < 0) {
		report_error(c, NULL, NULL, &g->e);
		return g->e.code == -EBUSY ? STATUS_LOCKED : STATUS_REFUSED;
	}
	if (!g->goes.n) {
		puts("Nothing to remove.");
		return STATUS_DONE;
	}
	puts("These go:");
	print(g);
	session_mend(&g->s, &g->s.recorded);
	if (!ask(&g->s.host, yes, "Remove them?"))
		return STATUS_REFUSED;
	if (sweep(g) < 0)
		return cli_err(c, &g->e);
	puts("Removed.");
	return STATUS_DONE;
}

int cmd_gc(struct cli *c, int argc, char **argv)
{
	struct rubbish g = {.keep = KEEP_DEFAULT};
	const char *keep = NULL;
	bool yes = false;
	const struct cli_option options[] = {
		{"keep", 0, CLI_TEXT, &keep, "NUMBER", "so many of the newest generations stay; 10 without it", NULL},
		{"yes", 'y', CLI_FLAG, &yes, NULL, "do not ask", NULL},
		{0},
	};
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);

	if (n < 0)
		return status;
	if (n > 0)
		return cli_fail(c, "it takes no arguments");
	if (keep && (!session_number(keep, &g.keep) || g.keep < 1))
		return cli_fail(c, "--keep takes a number from 1 on, not %s", keep);
	session_begin(&g.s);
	status = gc(c, &g, yes);
	session_end(&g.s);
	return status;
}
