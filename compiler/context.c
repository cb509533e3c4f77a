/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Bare words that mean something only where a type asks for them: those of an enumeration, a container's own ports, `world` and `host` of a flow, `host` of name servers. */
#include "compiler/elab.h"
#include "lang/habit.h"

#include <signal.h>
#include <stdlib.h>

/* TERM, term, SIGTERM in quotes, 15 */
static void help_signal(struct elab *el, struct diag *d, struct str word)
{
	unsigned number = word.n && word.n <= 2 && str_only(word, "0123456789") ? (unsigned)strtoul(str_copy(el->a, word).s, NULL, 10) : 0;
	struct word_range r = type_words(T_SIGNAL);
	const char *name = number ? sigabbrev_np((int)number) : str_copy(el->a, word).s;

	for (unsigned w = r.lo; name && w < r.hi; w++)
		if (strcasecmp(word_texts[w].s, name) == 0 || strcasecmp(word_texts[w].s + strlen("SIG"), name) == 0)
			say_help(el, d, "write: stop-signal = %.*s", STR_ARG(word_texts[w]));
}

/* A word of another tool where one of ours is asked for. */
void help_word(struct elab *el, struct diag *d, const struct type *t, struct str word)
{
	const char *habit = habit_help(STR(""), word);

	if (t->tag == T_GPU && (str_is(word, "all") || str_is(word, "true")))
		say_help(el, d, "all that this vendor has: gpu = nvidia");
	else if (t->tag == T_NETWORK && (str_starts(word, STR("container:")) || str_starts(word, STR("service:"))))
		say_help(el, d, "the network of another container is joined: join = %.*s", (int)(word.n - str_cut(word, ':', NULL).n - 1), word.s + str_cut(word, ':', NULL).n + 1);
	else if (t->tag == T_NETWORK)
		say_help(el, d, "a network of the stack's is its subnet: subnet = %.*s", STR_ARG(word));
	else if (t->tag == T_CAPABILITY && str_starts(word, STR("CAP_")))
		say_help(el, d, "write it without CAP_ and without quotes: %.*s", (int)word.n - 4, word.s + 4);
	else if (t->tag == T_SIGNAL)
		help_signal(el, d, word);
	else if (t->tag == T_TLS)
		say_help(el, d, "acme: of a public authority; internal: of the proxy's own; off: none");
	else if (habit && (t->tag == T_RESTART || t->tag == T_RUN))
		say_help(el, d, "%s", habit);
}

static struct val enum_word(struct elab *el, const struct expr *e, const struct type *t, const struct target *to)
{
	struct word_range r = type_words((enum type_tag)t->tag);
	struct near near = near_start(e->u.text);

	for (unsigned w = r.lo; w < r.hi; w++)
		near_offer(&near, word_texts[w]);
	struct diag *d = say(el, DIAG_word_unknown, e->at, "`%.*s` is %s, not `%.*s`", STR_ARG(to->name),
			     type_text(el, t), STR_ARG(e->u.text));
	say_suggest(el, d, &near);
	if (!near.best.n)
		help_word(el, d, t, e->u.text);
	return val_poison();
}

/* A name that somebody has: what it means, as the type asks for it. */
static bool name_meant(struct elab *el, struct found f, const struct expr *e, const struct type *t, const struct target *to, struct val *ret)
{
	if (f.form == FOUND_NOTHING)
		return false;
	*ret = check(el, found_value(el, f, e->at), e, t, to);
	return true;
}

/* The innermost block around that has ports of its own. */
static struct node *ports_around(const struct elab *el, struct node *n)
{
	while (n && !el->ports[n->tag])
		n = n->parent;
	return n;
}

static bool own_port(struct elab *el, const struct expr *e, struct scope *scope, const struct type *t, const struct target *to,
		     struct val *ret)
{
	struct node *n = ports_around(el, to->node);
	const struct schema_row *row = n ? el->ports[n->tag] : NULL;
	struct found f;

	if (!n)
		return false;
	struct map_entry *m = entry_find(node_cell(n, row), e->u.text);
	if (m) {
		struct val port = force_entry(el, n, row, m, e->at);

		*ret = port.type != T_PORT ?
			       val_poison() :
			       VAL(PORTREF,
				   ((struct port_ref){(struct m_container *)n->model, port.u.PORT, true}));
		return true;
	}
	*ret = val_poison();
	if (node_lost_word(n, e->u.text))
		return true;
	f = name_find(el, scope, e->u.text, el->active ? el->active->slot : NULL);
	if (f.form == FOUND_BINDING || f.form == FOUND_CHILD)
		return name_meant(el, f, e, t, to, ret);
	if (!n->sample)
		port_unknown(el, n, row, e->u.text, e->at);
	return true;
}

/* world and host, unless somebody has the name. */
static bool flow_word(struct elab *el, const struct expr *e, struct scope *scope, const struct type *t, const struct target *to, struct val *ret)
{
	static const struct str words[] = {{"world", 5}, {"host", 4}};
	const struct strs all = {(struct str *)words, 2};
	struct flow_end end = {.kind = str_eq(e->u.text, words[0]) ? END_WORLD : END_HOST};

	if (name_meant(el, name_find(el, scope, e->u.text, el->active ? el->active->slot : NULL), e, t, to, ret))
		return true;
	*ret = VAL(FLOWEND, end);
	if (!str_eq(e->u.text, words[0]) && !str_eq(e->u.text, words[1])) {
		name_unknown(el, scope, e->u.text, e->at, &all);
		*ret = val_poison();
	}
	return true;
}

bool contextual(struct elab *el, const struct expr *e, struct scope *scope, const struct type *t,
		const struct target *to, struct val *ret)
{
	const struct slot *self = el->active ? el->active->slot : NULL;

	if (type_is_enum(t)) {
		enum word w = word_find((enum type_tag)t->tag, e->u.text);

		if (w != WORD_COUNT) {
			*ret = (struct val){.type = t->tag, .u.RESTART = w};
			return true;
		}
		if (!name_meant(el, name_find(el, scope, e->u.text, self), e, t, to, ret))
			*ret = enum_word(el, e, t, to);
		return true;
	}
	if (t->words) {
		for (size_t i = 0; i < t->words->n; i++)
			if (str_eq(t->words->at[i], e->u.text)) {
				*ret = VAL(STRING, t->words->at[i]);
				return true;
			}
		if (!name_meant(el, name_find(el, scope, e->u.text, self), e, t, to, ret))
			*ret = check(el, VAL(STRING, e->u.text), e, t, to);
		return true;
	}
	if ((t->tag == T_COUNTLIMIT || t->tag == T_SIZELIMIT) && str_is(e->u.text, "unlimited")) {
		*ret = (struct val){.type = t->tag, .u.INT = INT64_MAX};
		return true;
	}
	if (t->tag == T_DNS && str_is(e->u.text, "host")) {
		*ret = VAL(DNS, (struct dns){.from = DNS_HOST});
		return true;
	}
	if (t->tag == T_PORTREF)
		return own_port(el, e, scope, t, to, ret);
	if (t->tag == T_FLOWEND)
		return flow_word(el, e, scope, t, to, ret);
	return false;
}
