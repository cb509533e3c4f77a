/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What names mean. A name is looked for from the inside out: in each body first what was declared there (let, loop variable), then the block's own
 * fields, blocks, parameters and children, at last the file: its lets and inputs, its stacks, the modules that it uses. Nothing is evaluated here. */
#include "compiler/elab.h"
#include "lang/habit.h"

enum { NAMES_LINEAR = 8, USES_SHOWN = 3 };

struct scope *scope_new(struct elab *el, struct scope *parent, struct node *node)
{
	struct scope *s = arena_new(el->a, struct scope);

	s->parent = parent;
	s->node = node;
	s->file = parent ? parent->file : NULL;
	return s;
}

struct binding *names_find(const struct names *names, struct str name)
{
	if (!names)
		return NULL;
	if (names->index)
		return map_get(names->index, name);
	for (struct binding *b = names->first; b; b = b->next)
		if (str_eq(b->name.text, name))
			return b;
	return NULL;
}

bool names_add(struct elab *el, struct names **where, struct binding *b)
{
	struct names *names = *where;
	struct binding *old = names_find(names, b->name.text);

	if (old) {
		struct diag *d = say(el, DIAG_name_twice, b->name.at, "`%.*s` is declared twice",
				     STR_ARG(b->name.text));

		say_note(el, d, old->name.at, "first declared here");
		say_help(el, d, "give one of them another name");
		return false;
	}
	if (!names)
		names = *where = arena_new(el->a, struct names);
	if (names->last)
		names->last->next = b;
	else
		names->first = b;
	names->last = b;
	names->n++;
	if (names->index) {
		map_add(el->a, names->index, b->name.text, b);
	} else if (names->n > NAMES_LINEAR) {
		names->index = arena_new(el->a, struct map);
		for (struct binding *each = names->first; each; each = each->next)
			map_add(el->a, names->index, each->name.text, each);
	}
	return true;
}

const struct schema_row *row_find(struct elab *el, const struct node *n, struct str word)
{
	return map_get(&el->rows[n->tag], word);
}

struct map_entry *entry_find(const struct cell *cell, struct str name)
{
	if (cell->map.index)
		return map_get(cell->map.index, name);
	for (size_t i = 0; i < cell->map.n; i++)
		if (str_eq(cell->map.at[i]->name.text, name))
			return cell->map.at[i];
	return NULL;
}

struct found member_find(struct elab *el, struct node *n, struct str name, uint16_t rank)
{
	struct node *child = n->children ? map_get(n->children, name) : NULL;
	const struct schema_row *row;
	struct binding *b;

	/* Mostly it is a child that is named, and there is nothing else that the name could mean. */
	if (child && !child->hidden && !n->params && child->low_rank >= rank)
		return (struct found){.form = FOUND_CHILD, .node = child};
	row = row_find(el, n, name);
	if (row_is_member(row))
		return (struct found){.form = FOUND_ROW, .node = n, .row = row};
	b = names_find(n->params, name);
	if (b && b->rank >= rank)
		return (struct found){.form = FOUND_BINDING, .binding = b};
	if (child && child->low_rank >= rank)
		return (struct found){.form = FOUND_CHILD, .node = child};
	if (n->state == NODE_OPEN && n->pending) {
		if (!n->missed)
			n->missed = arena_new(el->a, struct map);
		map_add(el->a, n->missed, name, n);
	}
	return (struct found){.form = FOUND_NOTHING};
}

/* Whether somebody wrote the row, so that its name is taken in that block. */
static bool row_written(const struct node *n, const struct schema_row *row)
{
	const struct cell *cell = node_cell(n, row);

	switch (row->form) {
	case ROW_FIELD:
		return cell->slot.expr != NULL;
	case ROW_MAP:
		return cell->map.n > 0;
	default:
		return cell->one != NULL;
	}
}

static struct found file_find(struct file *f, struct str name)
{
	const struct module *m = f->module;

	for (size_t i = 0; i < m->uses.n; i++)
		if (str_eq(m->uses.at[i].alias, name) && m->uses.at[i].module)
			return (struct found){.form = FOUND_FILE, .file = f + m->uses.at[i].module->index - m->index};
		else if (str_eq(m->uses.at[i].alias, name))
			return (struct found){.form = FOUND_BAD};
	return (struct found){.form = FOUND_NOTHING};
}

struct found name_find(struct elab *el, struct scope *scope, struct str name, const struct slot *skip)
{
	struct found unwritten = {.form = FOUND_NOTHING};

	for (struct scope *s = scope; s; s = s->parent) {
		struct binding *b = s->names ? names_find(s->names, name) : NULL;

		if (b)
			return (struct found){.form = FOUND_BINDING, .binding = b};
		if (!s->node)
			continue;
		struct found f = member_find(el, s->node, name, s->rank);
		if (f.form == FOUND_NOTHING || (f.form == FOUND_BINDING && &f.binding->slot == skip))
			continue;
		if (f.form != FOUND_ROW)
			return f;
		if (f.row->form == ROW_FIELD && &node_cell(f.node, f.row)->slot == skip)
			continue;
		if (row_written(f.node, f.row))
			return f;
		if (unwritten.form == FOUND_NOTHING)
			unwritten = f;
	}
	struct found f = file_find(scope->file, name);
	return f.form != FOUND_NOTHING ? f : unwritten;
}

static void offer_names(struct near *near, const struct names *names)
{
	for (const struct binding *b = names ? names->first : NULL; b; b = b->next)
		near_offer(near, b->name.text);
}

static void offer_members(struct near *near, const struct node *n)
{
	offer_names(near, n->params);
	for (size_t i = 0; i < n->kind->nrows; i++) {
		const struct schema_row *row = &n->kind->rows[i];

		if (row_is_member(row)) {
			near_offer(near, row->name);
		} else if (row->form == ROW_BLOCK) {
			const struct cell *cell = node_cell(n, row);

			for (size_t k = 0; k < cell->many.n; k++)
				near_offer(near, cell->many.at[k]->name.text);
		}
	}
}

/* Names that if and for make are not there yet while their conditions are read. */
static void help_pending(struct elab *el, struct diag *d, const struct scope *scope)
{
	for (const struct scope *s = scope; s; s = s->parent)
		if (s->node && s->node->state == NODE_OPEN && s->node->pending) {
			say_help(el, d, "what `if` and `for` make cannot be used in a condition beside them");
			return;
		}
}

/* Where the name that may have been meant is declared: perhaps it is misspelled there. */
static void note_meant(struct elab *el, struct diag *d, struct scope *scope, const struct near *near)
{
	struct found f = {.form = FOUND_NOTHING};

	if (near->best.n && near->wanted.n > 1)
		f = name_find(el, scope, near->best, NULL);
	if (f.form == FOUND_CHILD)
		say_note(el, d, f.node->at, "`%.*s` is declared here", STR_ARG(near->best));
	else if (f.form == FOUND_BINDING)
		say_note(el, d, f.binding->name.at, "`%.*s` is declared here", STR_ARG(near->best));
}

/* FOO, DATA_DIR */
static bool is_of_environment(struct str name)
{
	return name.n > 1 && str_only(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
}

/* A bare word where the type asks for something that words are not. */
static void help_wanted(struct elab *el, struct diag *d, struct str name)
{
	switch (el->wanted ? el->wanted->tag : T_COUNT) {
	case T_SECRETREF:
		if (kind_find(name) == KIND_secret) {
			say_help(el, d, "a secret is named by its name alone: NAME, not secret.NAME");
			break;
		}
		say_help(el, d, "it stands in the stack: secret %.*s { file = /root/%.*s }", STR_ARG(name), STR_ARG(name));
		break;
	case T_SUBNETREF:
		say_help(el, d, "it stands in the stack: subnet %.*s { }", STR_ARG(name));
		break;
	case T_MACVLANREF:
		say_help(el, d, "it stands in the stack: macvlan %.*s { parent = \"eth0\" }", STR_ARG(name));
		break;
	case T_STRING:
		if (kind_find(name) == KIND_secret) {
			say_help(el, d, "a container is given a secret as a file (secret NAME -> /run/secrets/NAME) or as environment (env-files = [NAME])");
			break;
		}
		/* fall through */
	case T_IMAGE:
	case T_IFNAME:
		say_help(el, d, "where a text is meant, it stands in quotes: \"%s\"", expr_shown(el, el->wanted_of));
		break;
	case T_STRINGS:
		say_help(el, d, "where a text is meant, write a list: [\"%s\"]", expr_shown(el, el->wanted_of));
		break;
	case T_OWNER:
		say_help(el, d, "user and group are numbers: 0:0 is root");
		break;
	case T_PATH:
		say_help(el, d, "a path is absolute: /%.*s", STR_ARG(name));
		break;
	case T_PORTREF:
		say_help(el, d, "here stands a port of a container: web.http, or web:80/tcp");
		break;
	case T_FLOWEND:
		if (el->wanted_of->kind == EX_NAME)
			say_help(el, d, "here stands a container or a subnet of the stack, `world` or `host`");
		else
			say_help(el, d, "whatever is not on this host is `world`: world:443/tcp");
		break;
	case T_IP4:
	case T_IP6:
		say_help(el, d, "an address is written, or the field is left out: then one is chosen, and stays");
		break;
	case T_HOSTPORT:
		say_help(el, d, "a port of the host is a number: publish 8080 -> web.http");
		break;
	case T_CAPABILITIES:
		say_help(el, d, "write a list: [%.*s]", STR_ARG(name));
		break;
	case T_REMOTE:
		if (el->wanted_of->kind == EX_PORT_OF)
			say_help(el, d, "a name stands in quotes: \"%s\"", expr_shown(el, el->wanted_of));
		else
			say_help(el, d, "a name stands in quotes, and a port behind it: \"%s:51820\"", expr_shown(el, el->wanted_of));
		break;
	case T_ENDPOINT:
		say_help(el, d, "it is an address and a port: 203.0.113.1:51820");
		break;
	default:
		if (kind_find(name) != KIND_COUNT)
			say_help(el, d, "a %.*s is named by its name alone: NAME, not %.*s.NAME", STR_ARG(name), STR_ARG(name));
		else if (!el->wanted && is_of_environment(name))
			say_help(el, d, "the environment is not read: input %.*s: string asks for a value, given by --set %.*s=VALUE; `\\${%.*s}` is this text", STR_ARG(name), STR_ARG(name), STR_ARG(name));
	}
}

/* Where the name may be: what a loop made, the loop's own name, what a template does not see. */
static bool help_scope(struct elab *el, struct diag *d, const struct scope *scope, struct str name)
{
	const struct binding *turn = scope->names ? scope->names->first : NULL;

	for (const struct scope *s = scope; s; s = s->parent)
		for (size_t i = 0; s->node && i < s->node->kind->nrows; i++) {
			const struct schema_row *row = &s->node->kind->rows[i];

			for (size_t k = 0; row->form == ROW_BLOCK && row->how == HOW_MANY && k < node_cell(s->node, row)->many.n; k++) {
				struct str other = node_cell(s->node, row)->many.at[k]->name.text;

				if (str_starts(other, name) && other.s[name.n] == '-') {
					say_help(el, d, "there is `%.*s`", STR_ARG(other));
					return true;
				}
			}
		}
	for (const struct scope *s = scope; s; s = s->parent)
		for (size_t i = 0; s->node && i < s->node->kind->nrows; i++) {
			const struct schema_row *row = &s->node->kind->rows[i];

			for (size_t k = 0; row->form == ROW_BLOCK && row->how == HOW_MANY && k < node_cell(s->node, row)->many.n; k++) {
				const struct node *other = node_cell(s->node, row)->many.at[k];

				for (const struct layer *l = other->layers; l; l = l->next)
					if (l->origin == LAYER_WRITTEN && l->scope && names_find(l->scope->names, name)) {
						say_help(el, d, "`%.*s` has it for itself: move the `let` out of its braces", STR_ARG(other->name.text));
						return true;
					}
			}
		}
	for (const struct scope *s = scope; s; s = s->parent)
		if (s->node && s->node->sample && name.n > 1 && !el->wanted) {
			say_help(el, d, "a template sees its own file and its parameters alone: param %.*s: container, and %.*s = … where it is used", STR_ARG(name), STR_ARG(name));
			return true;
		}
	if (el->wanted)
		return false;
	if (name.n == 1 && turn && turn->form == BIND_VALUE)
		say_help(el, d, "the loop around it calls it `%.*s`", STR_ARG(turn->name.text));
	else if (name.n == 1)
		say_help(el, d, "the name of a loop is known in the loop alone");
	return name.n == 1;
}

/* localhost:80 at an end of a flow */
static const char *help_host(struct elab *el)
{
	struct port port = el->wanted_of->kind == EX_PORT_OF ? with_protocol(el->wanted_of->u.port_of.port) : (struct port){53, 53, PROTO_UDP};
	struct buf b = {0};

	buf_puts(&b, "this host is `host`: host:");
	port_text(port, &b);
	return buf_take(&b, el->a).s;
}

/* A name that stands in another stack of the file. */
static bool help_stack(struct elab *el, struct diag *d, const struct file *f, struct str name)
{
	const struct node *top = f->node;

	for (size_t i = 0; top && i < top->kind->nrows; i++) {
		const struct schema_row *row = &top->kind->rows[i];

		for (size_t k = 0; row->form == ROW_BLOCK && row->how == HOW_MANY && k < node_cell(top, row)->many.n; k++) {
			const struct node *stack = node_cell(top, row)->many.at[k];

			if (stack->children && map_get(stack->children, name)) {
				say_help(el, d, "stack `%.*s` has it: %.*s.%.*s", STR_ARG(stack->name.text), STR_ARG(stack->name.text), STR_ARG(name));
				return true;
			}
		}
	}
	return false;
}

bool unknown_again(struct elab *el, const struct map *unknown, struct str name, struct span at)
{
	struct diag *d = unknown ? map_get(unknown, name) : NULL;
	size_t shown = 0;

	if (!d)
		return false;
	for (size_t i = 0; i < d->notes.n; i++) {
		if (d->notes.at[i].at.lo == at.lo && d->notes.at[i].at.hi == at.hi)
			return true;
		shown += d->notes.at[i].at.hi > 0;
	}
	if (shown < USES_SHOWN && (d->at.lo != at.lo || d->at.hi != at.hi))
		say_note(el, d, at, "also used here");
	return true;
}

void name_unknown(struct elab *el, struct scope *scope, struct str name, struct span at, const struct strs *words)
{
	struct file *f = scope->file;
	struct near near = near_start(name);

	if (unknown_again(el, &f->unknown, name, at) || say_full(el) || lost_word(f, name))
		return;
	el->suggested++;
	for (size_t i = 0; words && i < words->n; i++)
		near_offer(&near, words->at[i]);
	for (struct scope *s = scope; s && el->suggested < SUGGESTED_MAX; s = s->parent) {
		offer_names(&near, s->names);
		if (s->node)
			offer_members(&near, s->node);
	}
	for (size_t i = 0; i < f->module->uses.n; i++)
		near_offer(&near, f->module->uses.at[i].alias);
	struct diag *d = lost_meant(el, f, name, near.best) ? NULL : say(el, DIAG_name_unknown, at, "`%.*s` is not known here", STR_ARG(name));
	if (!d)
		return;
	map_add(el->a, &f->unknown, name, d);
	if (near.distance == 0 && near.best.n) {
		say_help(el, d, "in its own value a name means the next one outwards, and there is none");
	} else if (!help_stack(el, d, f, name)) {
		bool host = str_is(name, "localhost") && el->wanted && el->wanted->tag == T_FLOWEND;
		const char *habit = host ? help_host(el) : habit_help(STR(""), name);
		bool owner = el->wanted && el->wanted->tag == T_OWNER;

		if (habit && str_starts(str_of(habit), STR("leave it out"))) /* that is of an entry */
			habit = NULL;

		if (habit || owner || name.n == 1)
			near.best.n = 0;
		say_suggest(el, d, &near);
		note_meant(el, d, scope, &near);
		if (habit)
			say_help(el, d, "%s", habit);
		else if (!near.best.n && !(el->suggested < SUGGESTED_MAX && help_scope(el, d, scope, name)))
			help_wanted(el, d, name);
	}
	help_pending(el, d, scope);
}

/* web.memory: what one of its unnamed blocks has */
static void help_inside(struct elab *el, struct diag *d, const struct node *n, struct str name)
{
	for (size_t i = 0; i < n->kind->nrows; i++) {
		const struct schema_row *row = &n->kind->rows[i];

		if (row->form == ROW_BLOCK && row->how == HOW_ONE && map_get(&el->rows[row->child], name)) {
			say_help(el, d, "it is in `%.*s`: %.*s.%.*s.%.*s", STR_ARG(row->name), STR_ARG(n->name.text), STR_ARG(row->name), STR_ARG(name));
			return;
		}
	}
}

void unknown_add(struct elab *el, struct node *n, struct str name, struct diag *d)
{
	if (!n->unknown)
		n->unknown = arena_new(el->a, struct map);
	map_add(el->a, n->unknown, name, d);
}

void member_unknown(struct elab *el, struct node *n, struct str name, struct span at)
{
	if (n->contested || unknown_again(el, n->unknown, name, at) || node_lost_word(n, name))
		return;
	struct near near = near_start(name);
	struct diag *d = say(el, DIAG_member_unknown, at, "%.*s `%s` has no `%.*s`", STR_ARG(n->kind->word),
			     node_path(el, n), STR_ARG(name));

	if (d)
		unknown_add(el, n, name, d);
	if (!d || el->suggested++ > SUGGESTED_MAX)
		return;
	offer_members(&near, n);
	for (size_t i = 0; i < n->kind->nrows; i++) {
		const struct schema_row *row = &n->kind->rows[i];

		for (size_t k = 0; row->form == ROW_MAP && row->type == T_PORT && k < node_cell(n, row)->map.n; k++)
			near_offer(&near, node_cell(n, row)->map.at[k]->name.text);
	}
	if (n->tag == KIND_container && str_is(name, "port"))
		help_port(el, d, n);
	else if (n->tag == KIND_container && (str_is(name, "ip") || str_is(name, "ipv4") || str_is(name, "host")))
		say_help(el, d, "did you mean `address`?");
	else
		say_suggest(el, d, &near);
	if (!near.best.n)
		help_inside(el, d, n, name);
	if (!near.best.n && n->tag == KIND_container && el->wanted && (el->wanted->tag == T_PORTREF || el->wanted->tag == T_FLOWEND) && !str_is(name, "port"))
		help_port(el, d, n);
	if (!near.best.n && el->wanted && (el->wanted->tag == T_STRING || el->wanted->tag == T_IMAGE || el->wanted->tag == T_REMOTE))
		help_wanted(el, d, name); /* hostname = web.example.com */
	if (n->state == NODE_OPEN && n->pending)
		say_help(el, d, "what `if` and `for` make cannot be used in a condition beside them");
}

void port_unknown(struct elab *el, struct node *n, const struct schema_row *ports, struct str name, struct span at)
{
	if (unknown_again(el, n->unknown, name, at) || node_lost_word(n, name))
		return;
	struct near near = near_start(name);
	const struct cell *cell = node_cell(n, ports);
	struct diag *d = say(el, DIAG_member_unknown, at, "%.*s `%s` has no port `%.*s`", STR_ARG(n->kind->word),
			     node_path(el, n), STR_ARG(name));

	if (d)
		unknown_add(el, n, name, d);
	for (size_t i = 0; i < cell->map.n; i++)
		near_offer(&near, cell->map.at[i]->name.text);
	say_suggest(el, d, &near);
	if (d && !near.best.n)
		help_port(el, d, n);
}
