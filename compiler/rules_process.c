/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules about further groups of a container's processes, and about the kernel's switches for its network. */
#include "compiler/rules_impl.h"

#include "lang/base/map.h"

enum { GROUP_MAX = 0xfffffffe, SWITCH_MAX = 256 };

RULE(group_number)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;
		struct map seen = {0};

		for (size_t i = 0; i < c->groups.n; i++) {
			const struct entry_INT *g = &c->groups.at[i], *said = g, *first;

			if (g->value.v < 0 || g->value.v > GROUP_MAX)
				diag_help(r->diags, diag_add(r->diags, code, g->value.at, "a group has a number from 0 to %u", (unsigned)GROUP_MAX),
					  "as `getent group %.*s` says it on the host", STR_ARG(g->name));
			first = map_add(r->arena, &seen, (struct str){(const char *)&g->value.v, sizeof g->value.v}, (void *)(uintptr_t)g);
			if (first && first->value.at.lo > said->value.at.lo) /* they are sorted by name */
				SWAP(said, first);
			if (first)
				diag_note(r->diags, diag_add(r->diags, code, said->value.at, "group %lld stands here twice", (long long)g->value.v), first->value.at, "first given here");
		}
	}
}

/* One line, which the kernel is written. */
static bool is_line(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.s[i] < ' ' || (unsigned char)s.s[i] >= 0x7f)
			return false;
	return s.n > 0 && s.n <= SWITCH_MAX;
}

/* Whose network it is that would be altered, where it is not the container's own. */
static void switch_owner(struct rules *r, enum diag_code code, const struct m_container *c, struct span at)
{
	const struct m_container *home = container_home(c);
	struct diag *d;

	if (home != c) {
		d = diag_add(r->diags, code, at, "container `%.*s` has the network of `%.*s`, and with it the switches of that one", STR_ARG(c->head.name), STR_ARG(home->head.name));
		diag_help(r->diags, d, "write them in `%.*s`", STR_ARG(home->head.name));
	} else if (container_on_host(c)) {
		d = diag_add(r->diags, code, at, "container `%.*s` has the host's network, and no container alters that one's switches", STR_ARG(c->head.name));
		diag_note(r->diags, d, c->network.at, "the host's network is chosen here");
		diag_help(r->diags, d, "on the host itself: a file in /etc/sysctl.d");
	}
}

RULE(sysctl_choice)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;

		if (c->sysctls.n)
			switch_owner(r, code, c, c->sysctls.at[0].at);
		for (size_t i = 0; i < c->sysctls.n; i++) {
			const struct entry_STRING *s = &c->sysctls.at[i];

			if (!str_starts(s->name, STR("net.")))
				diag_help(r->diags, diag_add(r->diags, code, s->at, "%.*s is one for the whole host: a container has only switches of its own network, net.…", STR_ARG(s->name)),
					  "on the host itself: a file in /etc/sysctl.d");
			if (!is_line(s->value.v))
				diag_add(r->diags, code, s->value.at, "a switch is set to one line of 1 to %d printable characters", SWITCH_MAX);
		}
	}
}
