/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules about containers that run once (`run = once`): what is said of them must make sense of a program that ends, and what leads to them finds nobody when it has. */
#include "compiler/names.h"
#include "compiler/rules_impl.h"

/* at: in the container, or in its template. */
static struct diag *odd_add(struct rules *r, enum diag_code code, const struct m_container *c, struct span at, const char *what)
{
	bool elsewhere = said_elsewhere(r, &c->head, at) && !said_elsewhere(r, &c->head, c->rare->run.at);
	struct diag *d = diag_add(r->diags, code, elsewhere ? c->rare->run.at : at, "container `%.*s` runs once: %s", STR_ARG(c->head.name), what);

	diag_note(r->diags, d, elsewhere ? at : c->rare->run.at, elsewhere ? "its template says it here" : "said here");
	return d;
}

static void once_check(struct rules *r, enum diag_code code, const struct m_container *c)
{
	if (c->ready)
		diag_help(r->diags, odd_add(r, code, c, c->ready->head.at, "it is ready when it has finished, and is not asked"),
			  "leave `ready` out; how long it may take is within = 5m beside `run`");
	if (c->restart.v == WORD_RESTART_always)
		diag_help(r->diags, odd_add(r, code, c, c->restart.at, "started again after each success, it would never have finished"),
			  "restart = on-failure tries again until it succeeds, restart = no leaves it at one failure");
	if (c->metrics)
		diag_help(r->diags, odd_add(r, code, c, c->metrics->head.at, "nothing is left to be read when it has finished"), "leave `scrape` out");
	if (c->rare->boot.set && c->rare->boot.v)
		diag_help(r->diags, odd_add(r, code, c, c->rare->boot.at, "an operating system that was started does not end by itself"),
			  "name the program of the tree instead: command = [\"…\"]");
}

RULE(run_field)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;

		if (container_runs_once(c))
			once_check(r, code, c);
		else if (c->rare->within.set)
			diag_help(r->diags, diag_add(r->diags, code, c->rare->within.at, "container `%.*s` runs on: only one that ends by itself does so `within` a time", STR_ARG(c->head.name)),
				  "run = once, for a program that ends; until a service is ready, it is ready { http = \"/\"; within = 1m }");
	}
}

static void target_add(struct rules *r, enum diag_code code, const struct m_container *c, struct span at, const char *help)
{
	struct diag *d;

	if (!container_runs_once(c))
		return;
	d = diag_add(r->diags, code, at, "container `%.*s` runs once: when it has finished, nobody answers here", STR_ARG(c->head.name));
	diag_note(r->diags, d, c->rare->run.at, "said here");
	diag_help(r->diags, d, "%s", help);
}

RULE(run_target)
{
	vec_each(struct m_stack *const, s, &r->model->stacks) {
		for (size_t i = 0; i < (*s)->publish.n; i++)
			target_add(r, code, (*s)->publish.at[i].right.v.container, (*s)->publish.at[i].right.at, "leave it out, or publish a port of a container that runs on");
		for (size_t i = 0; i < (*s)->route.n; i++)
			target_add(r, code, (*s)->route.at[i].right.v.container, (*s)->route.at[i].right.at, "leave it out, or lead it to a container that runs on");
		for (size_t i = 0; i < (*s)->expect.n; i++)
			if ((*s)->expect.at[i].mode == WORD_EXPECT_reach && (*s)->expect.at[i].right.v.kind == END_CONTAINER)
				target_add(r, code, (*s)->expect.at[i].right.v.container, (*s)->expect.at[i].right.at,
					   "expect what it reaches itself: expect reach job -> db.pg is asked out of its network, also when it has finished");
		for (size_t i = 0; i < (*s)->proxy.n; i++)
			target_add(r, code, (*s)->proxy.at[i]->container.v, (*s)->proxy.at[i]->container.at, "a proxy is a container that runs on: leave `run` out there");
	}
}

RULE(run_flow)
{
	vec_each(struct m_stack *const, s, &r->model->stacks)
		for (size_t i = 0; i < (*s)->allow.n; i++)
			if ((*s)->allow.at[i].right.v.kind == END_CONTAINER)
				target_add(r, code, (*s)->allow.at[i].right.v.container, (*s)->allow.at[i].right.at,
					   "what it needs itself is on the left: allow job -> db.pg; answers come back without a line");
}
