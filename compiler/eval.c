/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Expressions to values. Nothing is asked of a type here but what the operation itself needs; what a field or a parameter asks for is in check.c. A mistake is said
 * where it is and becomes poison, which whoever uses it passes on in silence. */
#include "compiler/elab.h"

#include <stdlib.h>

/* `ollama.limits.memory`, for messages. */
static void dotted(const struct expr *e, struct buf *out)
{
	if (e->kind == EX_NAME) {
		buf_str(out, e->u.text);
	} else if (e->kind == EX_MEMBER) {
		dotted(e->u.member.base, out);
		buf_fmt(out, ".%.*s", STR_ARG(e->u.member.name.text));
	} else {
		buf_puts(out, "this");
	}
}

const char *expr_shown(struct elab *el, const struct expr *e)
{
	struct buf b = {0};

	dotted(e, &b);
	return buf_take(&b, el->a).s;
}

/* ---- strings ---- */

static bool text_add(struct elab *el, struct buf *b, struct val v, const struct expr *part)
{
	if (v.type == V_POISON)
		return false;
	if (v.type == V_NONE || v.type == V_ABSENT) {
		say(el, DIAG_value_none, part->at, "`%s` is not set", expr_shown(el, part));
		return false;
	}
	if (!val_text(v, b)) {
		struct diag *d = say(el, DIAG_type_mismatch, part->at, "no text can be made of this %s", val_shown(v));

		if (v.type == V_LIST)
			say_help(el, d, "join(%s, \", \")", expr_shown(el, part));
		return false;
	}
	return true;
}

static struct val eval_text(struct elab *el, const struct expr *e, struct scope *scope)
{
	struct buf b = {0};
	bool good = true;

	for (const struct expr *part = e->u.list.first; part; part = part->next) {
		if (part->kind == EX_STRING)
			buf_str(&b, part->u.text);
		else
			good &= text_add(el, &b, eval(el, part, scope), part);
		if (b.n > TEXT_MAX) {
			say_limit(el, DIAG_limit_text, e->at, "a string is longer than %d MiB", TEXT_MAX >> 20);
			good = false;
			break;
		}
	}
	el->text_total += b.n;
	if (el->text_total > TEXT_TOTAL_MAX) {
		say_limit(el, DIAG_limit_text, e->at, "the strings that are made are longer than %d MiB together", TEXT_TOTAL_MAX >> 20);
		good = false;
	}
	if (!good) {
		buf_free(&b);
		return val_poison();
	}
	return VAL(STRING, buf_take(&b, el->a));
}

/* ---- names and members ---- */

bool too_early(struct elab *el, const struct node *n, bool late, struct str name, struct span at)
{
	if (!late || n->state != NODE_OPEN)
		return false;
	say(el, DIAG_name_late, at, "`%.*s` is made or changed by an `if` or `for`, which a condition beside it cannot depend on", STR_ARG(name));
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

static struct val eval_name(struct elab *el, struct str name, struct span at, struct scope *scope)
{
	struct found f = name_find(el, scope, name, el->active ? el->active->slot : NULL);

	if (f.form == FOUND_NOTHING) {
		name_unknown(el, scope, name, at, NULL);
		return val_poison();
	}
	return found_value(el, f, at);
}

/* worker-${i}: the name is made first, then looked for like any other. */
static struct val eval_computed(struct elab *el, const struct expr *e, struct scope *scope)
{
	struct val name = eval_text(el, e, scope);

	return name.type == T_STRING ? eval_name(el, name.u.STRING, e->at, scope) : name;
}

static struct val entry_value(struct elab *el, struct node *n, const struct schema_row *row, struct map_entry *m, struct span at)
{
	struct val v = force_entry(el, n, row, m, at);

	if (v.type == T_PORT && n->tag == KIND_container)
		return VAL(PORTREF, ((struct port_ref){(struct m_container *)n->model, m->name.text, v.u.PORT}));
	return v;
}

static struct val node_member(struct elab *el, struct node *n, struct ident name, struct span at)
{
	struct found f;

	node_ready(el, n);
	f = member_find(el, n, name.text, 0);
	if (f.form != FOUND_NOTHING)
		return found_value(el, f, at);
	for (size_t i = 0; i < n->kind->nrows; i++) {
		const struct schema_row *row = &n->kind->rows[i];
		struct map_entry *m = row->form == ROW_MAP && row->type == T_PORT ? entry_find(node_cell(n, row), name.text) : NULL;

		if (m)
			return entry_value(el, n, row, m, at);
	}
	if (!n->broken && !n->sample)
		member_unknown(el, n, name.text, name.at);
	return val_poison();
}

static struct val no_member(struct elab *el, const char *what, struct ident name)
{
	say(el, DIAG_member_unknown, name.at, "%s has no member `%.*s`", what, STR_ARG(name.text));
	return val_poison();
}

static struct val absent_member(struct elab *el, const struct schema_kind *kind, struct ident name)
{
	struct val v = val_none();
	const struct schema_row *row = map_get(&el->rows[kind - schema_kinds], name.text);

	if (!row || row->form == ROW_ARROW)
		return no_member(el, kind->word.s, name);
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
	if (n->sample)
		return val_poison();
	if (row->type == T_PORT) {
		port_unknown(el, n, row, name.text, name.at);
		return val_poison();
	}
	struct near near = near_start(name.text);
	const union cell *cell = node_cell(n, row);
	struct diag *d = say(el, DIAG_member_unknown, name.at, "`%.*s` of `%s` has no `%.*s`", STR_ARG(row->name), node_path(el, n),
			     STR_ARG(name.text));

	for (size_t i = 0; i < cell->map.n; i++)
		near_offer(&near, cell->map.at[i]->name.text);
	say_suggest(el, d, &near);
	return val_poison();
}

static int dict_cmp(const void *a, const void *b)
{
	return str_cmp(((const struct dict_entry *)a)->name, ((const struct dict_entry *)b)->name);
}

static struct val dict_member(struct elab *el, const struct dict *dict, struct ident name)
{
	const struct dict_entry wanted = {.name = name.text};
	const struct dict_entry *found = dict->n ? bsearch(&wanted, dict->at, dict->n, sizeof wanted, dict_cmp) : NULL;

	return found ? found->val : no_member(el, "map", name);
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
	struct diag *d = say(el, DIAG_member_unknown, name.at, "module `%.*s` has no `%.*s`", STR_ARG(f->module->name), STR_ARG(name.text));
	for (b = f->scope->names ? f->scope->names->first : NULL; b; b = b->next)
		near_offer(&near, b->name.text);
	const union cell *stacks = &f->node->cells[0];
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
		return VAL(STRING, p.proto == PROTO_UDP ? STR("udp") : p.proto == PROTO_SCTP ? STR("sctp") : STR("tcp"));
	return no_member(el, "port", name);
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
	case T_PORTREF:
		return port_member(el, base.u.PORTREF.port, name);
	default:
		return no_member(el, val_shown(base), name);
	}
}

static struct val eval_port_of(struct elab *el, const struct expr *e, struct scope *scope)
{
	struct val base = eval(el, e->u.port_of.base, scope);
	struct port_ref ref = {.port = e->u.port_of.port};

	if (base.type == V_POISON)
		return base;
	if (base.type != V_NODE || base.u.node->tag != KIND_container) {
		say(el, DIAG_type_mismatch, e->at, "a port can be named of a container here, not of a %s", val_shown(base));
		return val_poison();
	}
	node_ready(el, base.u.node);
	ref.container = (struct m_container *)base.u.node->model;
	if (ref.port.proto == PROTO_NONE)
		ref.port.proto = PROTO_TCP;
	return VAL(PORTREF, ref);
}

/* ---- lists and maps ---- */

bool list_room(struct elab *el, size_t n, size_t more, struct span at)
{
	el->list_total += more;
	if (n + more <= LIST_MAX && el->list_total <= LIST_TOTAL_MAX)
		return true;
	if (n + more > LIST_MAX)
		say_limit(el, DIAG_limit_list, at, "a list has more than %d items", LIST_MAX);
	else
		say_limit(el, DIAG_limit_list, at, "all lists have more than %d items together", LIST_TOTAL_MAX);
	return false;
}

struct val list_val(struct elab *el, struct val *at, size_t n)
{
	struct list *l = arena_new(el->a, struct list);

	*l = (struct list){at, n};
	return (struct val){.type = V_LIST, .u.list = l};
}

/* Items of a list are of one type; none stands for any. */
static bool same_type(struct elab *el, const struct val *items, size_t n, struct val v, struct span at)
{
	size_t i = 0;

	while (i < n && items[i].type == V_NONE)
		i++;
	if (v.type == V_NONE || i == n || items[i].type == v.type)
		return true;
	say(el, DIAG_type_mismatch, at, "the items of a list are of one type: the first is %s, this is %s", val_shown(items[i]), val_shown(v));
	return false;
}

static struct val eval_list(struct elab *el, const struct expr *e, struct scope *scope)
{
	VEC(struct val) items = {0};
	bool good = true;

	for (const struct expr *x = e->u.list.first; x; x = x->next) {
		struct val v = eval(el, x, scope);

		if (!list_room(el, items.n, 1, e->at))
			return val_poison();
		good = good && v.type != V_POISON && same_type(el, items.at, items.n, v, x->at);
		vec_push(el->a, &items, v);
	}
	return good ? list_val(el, items.at, items.n) : val_poison();
}

static struct val eval_map(struct elab *el, const struct expr *e, struct scope *scope)
{
	struct dict *dict = arena_new(el->a, struct dict);
	VEC(struct dict_entry) entries = {0};
	bool good = true;

	for (const struct entry *x = e->u.map.first; x; x = x->next) {
		struct dict_entry one = {x->word.text, eval(el, x->value, scope)};

		if (!list_room(el, entries.n, 1, e->at))
			return val_poison();
		good &= one.val.type != V_POISON;
		vec_push(el->a, &entries, one);
	}
	if (entries.n)
		qsort(entries.at, entries.n, sizeof *entries.at, dict_cmp);
	for (size_t i = 1; i < entries.n; i++)
		if (str_eq(entries.at[i - 1].name, entries.at[i].name)) {
			say(el, DIAG_field_twice, e->at, "`%.*s` is given twice in this map", STR_ARG(entries.at[i].name));
			good = false;
		}
	*dict = (struct dict){entries.at, entries.n};
	return good ? (struct val){.type = V_MAP, .u.dict = dict} : val_poison();
}

/* ---- loops ---- */

bool eval_sequence(struct elab *el, const struct expr *e, struct scope *scope, struct sequence *ret)
{
	struct val v;

	*ret = (struct sequence){0};
	if (e->kind == EX_CALL && str_eq(e->u.call.function.text, STR("range")))
		return call_bounds(el, e, scope, &ret->first, &ret->n);
	v = eval(el, e, scope);
	if (v.type == V_POISON)
		return false;
	if (v.type == V_LIST) {
		ret->items = v.u.list->at;
		ret->n = v.u.list->n;
		return true;
	}
	struct diag *d = say(el, DIAG_type_mismatch, e->at, "`for` goes through a list, not %s", val_shown(v));
	if (v.type == T_INT)
		say_help(el, d, "for the numbers from 1 to %lld: range(1, %lld)", (long long)v.u.INT, (long long)v.u.INT);
	return false;
}

struct scope *sequence_turn(struct elab *el, const struct sequence *s, size_t i, struct scope *outer, struct ident name)
{
	struct scope *turn;

	if (++el->turns > TURNS_MAX) {
		say_limit(el, DIAG_limit_work, name.at, "all loops make more than %d turns together", TURNS_MAX);
		return NULL;
	}
	turn = scope_new(el, outer, NULL);
	bind_value(el, turn, name, s->items ? s->items[i] : VAL(INT, s->first + (int64_t)i));
	return turn;
}

static struct val eval_comprehension(struct elab *el, const struct expr *e, struct scope *scope)
{
	VEC(struct val) items = {0};
	struct sequence s;
	bool good = true;

	if (!eval_sequence(el, e->u.loop.list, scope, &s))
		return val_poison();
	for (size_t i = 0; i < s.n && !el->stopped; i++) {
		struct scope *turn = sequence_turn(el, &s, i, scope, *e->u.loop.name);

		if (!turn)
			return val_poison();
		if (e->u.loop.condition) {
			struct val c = eval_condition(el, e->u.loop.condition, turn, "a condition");

			good &= c.type == T_BOOL;
			if (c.type != T_BOOL || !c.u.BOOL)
				continue;
		}
		struct val v = eval(el, e->u.loop.body, turn);
		if (!list_room(el, items.n, 1, e->at))
			return val_poison();
		good = good && v.type != V_POISON && same_type(el, items.at, items.n, v, e->u.loop.body->at);
		vec_push(el->a, &items, v);
	}
	return good && !el->stopped ? list_val(el, items.at, items.n) : val_poison();
}

/* ---- the whole ---- */

/* x.gpu == nvidia: a bare word beside a value of an enumeration, or beside one that could be and is not set. */
static struct val eval_beside(struct elab *el, const struct expr *e, struct scope *scope, struct val other)
{
	const struct target to = {.name = STR("the other side")};
	struct type t = {.tag = other.type == V_NONE ? (int)other.u.INT - 1 : other.type};

	if (e->kind == EX_NAME && other.type == V_POISON)
		return other; /* what the word means here nobody can tell */
	if (e->kind != EX_NAME || t.tag < 0 || t.tag >= T_COUNT ||
	    type_words((enum type_tag)t.tag).lo == type_words((enum type_tag)t.tag).hi)
		return eval(el, e, scope);
	return eval_as(el, e, scope, &t, &to);
}

static struct val eval_sides(struct elab *el, const struct expr *e, struct scope *scope)
{
	const struct expr *left = e->u.op.left, *right = e->u.op.right;
	enum op op = e->u.op.op;
	struct val l, r;

	if ((op == OP_EQ || op == OP_NE) && left->kind == EX_NAME && right->kind != EX_NAME) {
		r = eval(el, right, scope);
		l = eval_beside(el, left, scope, r);
		return eval_binary(el, e, l, r);
	}
	l = eval(el, left, scope);
	/* and, or: the right side is not asked where the left decides */
	if (l.type == T_BOOL && op == (l.u.BOOL ? OP_OR : OP_AND))
		return is_no_bool(el, right, scope) ? val_poison() : l;
	r = op == OP_EQ || op == OP_NE ? eval_beside(el, right, scope, l) : eval(el, right, scope);
	return eval_binary(el, e, l, r);
}

struct val eval_condition(struct elab *el, const struct expr *e, struct scope *scope, const char *what)
{
	struct val v = eval(el, e, scope);

	if (v.type == T_BOOL || v.type == V_POISON)
		return v;
	struct diag *d = say(el, DIAG_type_mismatch, e->at, "%s is true or false, not %s", what, val_shown(v));
	if (v.type == V_NONE || v.type == V_ABSENT)
		say_help(el, d, "to ask whether something is set: … != none");
	return val_poison();
}

static struct val eval_inner(struct elab *el, const struct expr *e, struct scope *scope)
{
	struct val v;

	switch (e->kind) {
	case EX_BOOL:
		return VAL(BOOL, e->u.boolean);
	case EX_NONE:
		return val_none();
	case EX_INT:
		return e->u.octal ? VAL(MODE, e->u.integer) : VAL(INT, e->u.integer);
	case EX_FLOAT:
		return VAL(FLOAT, e->u.number);
	case EX_STRING:
		return VAL(STRING, e->u.text);
	case EX_TEXT:
		return eval_text(el, e, scope);
	case EX_SIZE:
		return VAL(SIZE, e->u.integer);
	case EX_DURATION:
		return VAL(DURATION, e->u.integer);
	case EX_PERCENT:
		return VAL(PERCENT, e->u.number);
	case EX_IP:
		return VAL(IP, e->u.addr);
	case EX_CIDR:
		return VAL(CIDR, e->u.cidr);
	case EX_MAC:
		return VAL(MAC, e->u.mac);
	case EX_PORT:
		return VAL(PORT, e->u.port);
	case EX_ENDPOINT:
		return VAL(ENDPOINT, e->u.endpoint);
	case EX_PATH:
		return VAL(PATH, e->u.text);
	case EX_OWNER:
		return VAL(OWNER, e->u.owner);
	case EX_NAME:
		return eval_name(el, e->u.text, e->at, scope);
	case EX_COMPUTED:
		return eval_computed(el, e, scope);
	case EX_MEMBER:
		return eval_member(el, eval(el, e->u.member.base, scope), e->u.member.name, e->at);
	case EX_PORT_OF:
		return eval_port_of(el, e, scope);
	case EX_INDEX:
		v = eval(el, e->u.index.base, scope);
		return eval_index(el, e, v, eval(el, e->u.index.index, scope));
	case EX_CALL:
		return eval_call(el, e, scope);
	case EX_UNARY:
		return eval_unary(el, e, eval(el, e->u.op.left, scope));
	case EX_BINARY:
		return eval_sides(el, e, scope);
	case EX_COND:
		v = eval_condition(el, e->u.cond.condition, scope, "a condition");
		if (!branches_agree(el, e, scope) || v.type != T_BOOL)
			return val_poison();
		return eval(el, v.u.BOOL ? e->u.cond.yes : e->u.cond.no, scope);
	case EX_LIST:
		return eval_list(el, e, scope);
	case EX_MAP:
		return eval_map(el, e, scope);
	case EX_COMPREHENSION:
		return eval_comprehension(el, e, scope);
	case EX_BAD:
		break;
	}
	return val_poison();
}

bool eval_enter(struct elab *el, const struct expr *e)
{
	if (el->stopped)
		return false;
	if (++el->work > WORK_MAX) {
		say_limit(el, DIAG_limit_work, e->at, "more than %d expressions are to be computed", WORK_MAX);
		return false;
	}
	if (el->eval_depth >= EVAL_DEPTH_MAX) {
		say_limit(el, DIAG_limit_depth, e->at, "values depend on each other too deeply");
		return false;
	}
	el->eval_depth++;
	return true;
}

struct val eval(struct elab *el, const struct expr *e, struct scope *scope)
{
	struct val v;

	if (!eval_enter(el, e))
		return val_poison();
	v = eval_inner(el, e, scope);
	el->eval_depth--;
	return v;
}

struct val condition_outside(struct elab *el, const struct expr *e, struct scope *scope)
{
	struct active frame = {.outer = el->active, .used_at = e->at};
	struct val v;

	el->active = &frame;
	v = eval_condition(el, e, scope, "a condition");
	el->active = frame.outer;
	return v;
}

struct val text_outside(struct elab *el, const struct expr *e, struct scope *scope)
{
	struct active frame = {.outer = el->active, .used_at = e->at};
	struct val v;

	el->active = &frame;
	v = eval_text(el, e, scope);
	el->active = frame.outer;
	return v;
}

bool sequence_outside(struct elab *el, const struct expr *e, struct scope *scope, struct sequence *ret)
{
	struct active frame = {.outer = el->active, .used_at = e->at};
	bool good;

	el->active = &frame;
	good = eval_sequence(el, e, scope, ret);
	el->active = frame.outer;
	return good;
}
