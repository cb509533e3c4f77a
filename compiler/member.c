/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a found name is worth, and what is in what: members of blocks, maps, ports and used files. */
#include "compiler/elab.h"
#include "lang/function.h"

#include <stdlib.h>

bool too_early(struct elab *el, const struct node *n, bool late, struct str name, struct span at)
{
	if (!late || n->state != NODE_OPEN)
		return false;
	say(el, DIAG_name_late, at,
	    "`%.*s` is made or changed by an `if` or `for`, which a condition beside it cannot depend on",
	    STR_ARG(name));
	return true;
}

struct val found_value(struct elab *el, struct found f, struct span at)
{
	struct val v = {0};

	switch (f.form) {
	case FOUND_BINDING:
		return force_binding(el, f.binding, at);
	case FOUND_CHILD:
		if (too_early(el, f.node->parent, f.node->late, f.node->name.text, at))
			return val_poison();
		v.type = V_NODE;
		v.u.node = f.node;
		return v;
	case FOUND_FILE:
		v.type = V_FILE;
		v.u.file = f.file;
		return v;
	case FOUND_ROW:
		if (f.row->form == ROW_FIELD)
			return force_field(el, f.node, f.row, at);
		if (f.row->form == ROW_MAP) {
			v.type = V_ENTRIES;
			v.u.entries.node = f.node;
			v.u.entries.row = f.row;
			return v;
		}
		v.u.node = node_cell(f.node, f.row)->one;
		v.type = V_NODE;
		if (!v.u.node && f.node->sample) {
			v.type = V_POISON;
		} else if (!v.u.node) {
			v.type = V_ABSENT;
			v.u.absent = &schema_kinds[f.row->child];
		} else if (too_early(el, f.node, v.u.node->late, f.row->name, at)) {
			return val_poison();
		}
		return v;
	case FOUND_BAD:
	case FOUND_NOTHING:
		break;
	}
	return val_poison();
}

struct val entry_value(struct elab *el, struct node *n, const struct schema_row *row, struct map_entry *m,
			      struct span at)
{
	struct val v = force_entry(el, n, row, m, at);

	if (v.type == T_PORT && n->tag == KIND_container)
		return VAL(PORTREF, ((struct port_ref){(struct m_container *)n->model, v.u.PORT, true}));
	return v;
}

static struct val node_member(struct elab *el, struct node *n, struct ident name, struct span at)
{
	struct found f;

	node_ready(el, n);
	f = member_find(el, n, name.text, 0);
	if (f.form != FOUND_NOTHING)
		return found_value(el, f, at);
	const struct schema_row *ports = el->ports[n->tag];
	struct map_entry *m = ports ? entry_find(node_cell(n, ports), name.text) : NULL;
	if (m)
		return entry_value(el, n, ports, m, at);
	if (!n->broken && !n->sample)
		member_unknown(el, n, name.text, name.at);
	return val_poison();
}

/* has: what it has, or NULL. */
static struct val no_member(struct elab *el, const char *what, struct ident name, const char *has)
{
	struct diag *d = say(el, DIAG_member_unknown, name.at, "%s has no member `%.*s`", what, STR_ARG(name.text));

	if (has)
		say_help(el, d, "it has %s", has);
	else if (function_find(name.text) != FN_COUNT)
		say_help(el, d, "a function is called: %.*s(…)", STR_ARG(name.text));
	else if (strcmp(what, "string") == 0)
		say_help(el, d, "the block that a text names is ${…}: ${…}.%.*s", STR_ARG(name.text));
	return val_poison();
}

static struct val absent_member(struct elab *el, const struct schema_kind *kind, struct ident name)
{
	struct val v = val_none();
	const struct schema_row *row = map_get(&el->rows[kind - schema_kinds], name.text);

	if (!row || row->form == ROW_ARROW)
		return no_member(el, kind->word.s, name, NULL);
	if (row->form == ROW_BLOCK) {
		v.type = V_ABSENT;
		v.u.absent = &schema_kinds[row->child];
	}
	return v;
}

static struct val entries_member(struct elab *el, struct val base, struct ident name, struct span at)
{
	struct node *n = base.u.entries.node;
	const struct schema_row *row = base.u.entries.row;
	struct map_entry *m = entry_find(node_cell(n, row), name.text);

	if (m)
		return entry_value(el, n, row, m, at);
	if (n->sample || node_lost_word(n, name.text))
		return val_poison();
	if (row->type == T_PORT) {
		port_unknown(el, n, row, name.text, name.at);
		return val_poison();
	}
	struct near near = near_start(name.text);
	const struct cell *cell = node_cell(n, row);
	struct diag *d = say(el, DIAG_member_unknown, name.at, "`%.*s` of `%s` has no `%.*s`", STR_ARG(row->name),
			     node_path(el, n), STR_ARG(name.text));

	for (size_t i = 0; i < cell->map.n; i++)
		near_offer(&near, cell->map.at[i]->name.text);
	say_suggest(el, d, &near);
	return val_poison();
}

static struct val dict_member(struct elab *el, const struct dict *dict, struct ident name)
{
	const struct dict_entry wanted = {.name = name.text};
	const struct dict_entry *found = dict->n ? bsearch(&wanted, dict->at, dict->n, sizeof wanted, dict_cmp) : NULL;

	if (found)
		return found->val;
	struct near near = near_start(name.text);
	struct diag *d = say(el, DIAG_member_unknown, name.at, "the map has no `%.*s`", STR_ARG(name.text));
	for (size_t i = 0; i < dict->n; i++)
		near_offer(&near, dict->at[i].name);
	say_suggest(el, d, &near);
	if (!near.best.n && function_find(name.text) != FN_COUNT)
		say_help(el, d, "a function is called: %.*s(…)", STR_ARG(name.text));
	else if (!near.best.n)
		say_help(el, d, "what is called as a value says stands in brackets: …[%.*s]", STR_ARG(name.text));
	return val_poison();
}

static struct val file_member(struct elab *el, struct file *f, struct ident name, struct span at)
{
	struct near near = near_start(name.text);
	struct binding *b = names_find(f->scope->names, name.text);
	struct node *stack = f->node->children ? map_get(f->node->children, name.text) : NULL;

	if (b)
		return force_binding(el, b, at);
	if (stack)
		return (struct val){.type = V_NODE, .u.node = stack};
	struct diag *d = say(el, DIAG_member_unknown, name.at, "module `%.*s` has no `%.*s`", STR_ARG(f->module->name),
			     STR_ARG(name.text));
	for (b = f->scope->names ? f->scope->names->first : NULL; b; b = b->next)
		near_offer(&near, b->name.text);
	const struct cell *stacks = file_stacks(f);
	for (size_t i = 0; i < stacks->many.n; i++)
		near_offer(&near, stacks->many.at[i]->name.text);
	say_suggest(el, d, &near);
	if (map_get(&f->templates, name.text))
		say_help(el, d, "it has a template of this name, which stands behind `:`");
	return val_poison();
}

static struct val port_member(struct elab *el, struct port p, struct ident name)
{
	if (str_eq(name.text, STR("number"))) {
		if (p.lo == p.hi)
			return VAL(INT, p.lo);
		say(el, DIAG_member_unknown, name.at, "a range of ports has no single number, but `first` and `last`");
		return val_poison();
	}
	if (str_eq(name.text, STR("first")))
		return VAL(INT, p.lo);
	if (str_eq(name.text, STR("last")))
		return VAL(INT, p.hi);
	if (str_eq(name.text, STR("protocol")))
		return VAL(STRING, p.proto == PROTO_UDP	 ? STR("udp") :
				   p.proto == PROTO_SCTP ? STR("sctp") :
							   STR("tcp"));
	return no_member(el, "port", name, "number, first, last and protocol");
}

static struct val owner_member(struct elab *el, struct owner o, struct ident name)
{
	if (str_eq(name.text, STR("user")))
		return VAL(INT, o.uid);
	if (str_eq(name.text, STR("group")))
		return VAL(INT, o.gid);
	return no_member(el, "owner", name, "user and group");
}

struct val eval_member(struct elab *el, struct val base, struct ident name, struct span at)
{
	switch (base.type) {
	case V_POISON:
		return base;
	case V_NODE:
		return node_member(el, base.u.node, name, at);
	case V_ABSENT:
		return absent_member(el, base.u.absent, name);
	case V_ENTRIES:
		return entries_member(el, base, name, at);
	case V_MAP:
		return dict_member(el, base.u.dict, name);
	case V_FILE:
		return file_member(el, base.u.file, name, at);
	case T_PORT:
		return port_member(el, base.u.PORT, name);
	case T_OWNER:
		return owner_member(el, base.u.OWNER, name);
	case T_PORTREF:
		return port_member(el, base.u.PORTREF.port, name);
	default:
		return no_member(el, val_shown(base), name, NULL);
	}
}
