/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Expressions to values. Nothing is asked of a type here but what the operation itself needs; what a field or a parameter asks for is in check.c. A mistake is said
 * where it is and becomes poison, which whoever uses it passes on in silence. */
#include "compiler/elab.h"

/* As it stands in the source, for messages; what is long, or goes over several lines, is `this`. */
const char *expr_shown(struct elab *el, const struct expr *e)
{
	enum { SHOWN_MAX = 40 };
	struct place p = source_place(el->d->sources, e->at);
	size_t lo = p.source ? p.column - 1 : 0, n = e->at.hi - e->at.lo;

	if (!p.source || n > SHOWN_MAX || lo + n > p.text.n)
		return "this";
	return str_copy(el->a, (struct str){p.text.s + lo, n}).s;
}

/* ---- strings ---- */

static bool text_add(struct elab *el, struct buf *b, struct val v, const struct expr *part)
{
	if (v.type == V_POISON)
		return false;
	if (v.type == V_NONE || v.type == V_ABSENT) {
		struct diag *d = say(el, DIAG_value_none, part->at, "`%s` is not set", expr_shown(el, part));

		if (part->kind == EX_NAME || part->kind == EX_MEMBER)
			say_help(el, d, "say what stands there then: ${%s ?? \"…\"}", expr_shown(el, part));
		return false;
	}
	if (is_secret(v)) {
		secret_refused(el, v, part->at, "a text");
		return false;
	}
	if (!val_text(v, b)) {
		struct diag *d = say(el, DIAG_type_mismatch, part->at, "no text can be made of this %s", val_shown(v));

		if (v.type == V_LIST)
			say_help(el, d, "join(%s, \", \")", expr_shown(el, part));
		else if (v.type == V_NODE && v.u.node->tag == KIND_container)
			say_help(el, d, "its address is ${%s.address}", expr_shown(el, part));
		return false;
	}
	return true;
}

/* "http://${web.address}:${web.http}": the protocol is part of a port's text. */
static void port_look(struct elab *el, const struct buf *before, struct val v, const struct expr *part)
{
	if ((v.type != T_PORT && v.type != T_PORTREF) || before->n == 0 || before->s[before->n - 1] != ':')
		return;
	struct diag *d = say(el, DIAG_port_text, part->at, "this becomes `%s`", val_string(el, v));

	if (part->kind == EX_NAME || part->kind == EX_MEMBER)
		say_help(el, d, "its number is ${%s.number}", expr_shown(el, part));
}

/* Whether an address of a URL stands in the text as RFC 3986 (3.2.2) does not allow it: which one in *ret. */
static bool url_is_bare(struct str text, struct str *ret)
{
	const char *at = str_find(text, STR("://")), *end = text.s + text.n;
	struct addr address;
	struct str host;
	size_t n = 0;

	if (!at)
		return false;
	for (at += 3; at + n < end && !strchr("/?#, \t\n\"'", at[n]); n++)
		if (at[n] == '@') {
			at += n + 1;
			n = (size_t)-1;
		}
	host = (struct str){at, n};
	*ret = host;
	if (!n || memchr(at, ':', n) == memrchr(at, ':', n)) /* an IPv6 address has two colons or more */
		return false;
	if (addr_parse(host, &address))
		return address.family == 6;
	while (host.n && host.s[host.n - 1] != ':')
		host.n--;
	return host.n > 1 && addr_parse((struct str){host.s, host.n - 1}, &address) && address.family == 6;
}

static void url_look(struct elab *el, struct str text, const struct expr *e)
{
	struct str host;

	if (!url_is_bare(text, &host))
		return;
	struct diag *d = say(el, DIAG_url_address, e->at, "`%.*s` is no host of a URL: its colons are those of a port, too", STR_ARG(host));
	const struct expr *part = e->kind == EX_STRING ? NULL : e->u.list.first;
	while (part && part->kind != EX_NAME && part->kind != EX_MEMBER)
		part = part->next;
	if (part)
		say_help(el, d, "an IPv6 address stands in brackets: [${%s}]", expr_shown(el, part));
	else
		say_help(el, d, "an IPv6 address stands in brackets: http://[fd00::2]:80");
}

struct val eval_text(struct elab *el, const struct expr *e, struct scope *scope)
{
	struct buf b = {0};
	bool good = true;

	el->wanted = NULL;	/* that is the whole, not a part of it */

	if (e->kind == EX_STRING) /* a name in quotes with a `$` that computes nothing */
		return VAL(STRING, e->u.text);
	for (const struct expr *part = e->u.list.first; part; part = part->next) {
		if (part->kind == EX_STRING)
			buf_str(&b, part->u.text);
		else {
			struct val v = eval(el, part, scope);

			port_look(el, &b, v, part);
			good &= text_add(el, &b, v, part);
		}
		if (b.n > TEXT_MAX) {
			say_limit(el, DIAG_limit_text, e->at, "a string is longer than %d MiB", TEXT_MAX >> 20);
			good = false;
			break;
		}
	}
	el->text_total += b.n;
	if (el->text_total > TEXT_TOTAL_MAX) {
		say_limit(el, DIAG_limit_text, e->at, "the strings that are made are longer than %d MiB together",
			  TEXT_TOTAL_MAX >> 20);
		good = false;
	}
	if (!good) {
		buf_free(&b);
		return val_poison();
	}
	struct str text = buf_take(&b, el->a);
	url_look(el, text, e);
	return VAL(STRING, text);
}

/* ---- names and members ---- */

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
	const struct expr *part = e->u.list.first;

	if (name.type != T_STRING)
		return name;
	if (!form_name(name.u.STRING, N_NAME))
		return eval_name(el, name.u.STRING, e->at, scope);
	struct diag *d = say(el, DIAG_name_form, e->at, "`%.*s` is no name", STR_ARG(name.u.STRING));
	if (part && !part->next) /* address = ${db.address} */
		say_help(el, d, "`${…}` stands in texts and names; a value is written without it: %s", expr_shown(el, part));
	return val_poison();
}

static struct val eval_port_of(struct elab *el, const struct expr *e, struct scope *scope)
{
	struct val base = eval(el, e->u.port_of.base, scope);
	struct port_ref ref = {.port = e->u.port_of.port};

	if (base.type == V_POISON)
		return base;
	if (base.type != V_NODE || base.u.node->tag != KIND_container) {
		struct diag *d = say(el, DIAG_type_mismatch, e->at, "a port is named of a container here, not of what is %s", val_shown(base));

		if (base.type == T_IP)
			say_help(el, d, "an address and its port are written as one: %s:%u", val_string(el, base), e->u.port_of.port.lo);
		return val_poison();
	}
	node_ready(el, base.u.node);
	ref.container = (struct m_container *)base.u.node->model;
	if (ref.port.proto == PROTO_NONE)
		ref.port.proto = PROTO_TCP;
	return VAL(PORTREF, ref);
}

/* ---- the whole ---- */

/* x.gpu == nvidia: a bare word beside a value of an enumeration, or beside one that could be and is not set. */
static struct val eval_beside(struct elab *el, const struct expr *e, struct scope *scope, struct val other)
{
	const struct target to = {.name = STR("the other side")};
	struct type t = {.tag = other.type == V_NONE ? (int)other.u.INT - 1 : other.type};

	if (e->kind == EX_NAME && other.type == V_POISON)
		return other; /* what the word means here nobody can tell */
	if (e->kind != EX_NAME || t.tag < 0 || t.tag >= T_COUNT || !type_has_words((enum type_tag)t.tag))
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
	if (op == OP_ELSE)
		return l.type == V_NONE || l.type == V_ABSENT ? eval(el, right, scope) : l;
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
	if (v.type == V_NONE || v.type == V_ABSENT || v.type == V_NODE)
		say_help(el, d, "to ask whether something is set: … != none");
	else
		say_help(el, d, "compare it: … == …, … < …");
	return val_poison();
}

static struct val eval_inner(struct elab *el, const struct expr *e, struct scope *scope)
{
	static const struct type text_type = {.tag = T_STRING};
	struct val v, r;

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
		url_look(el, e->u.text, e);
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
		if (v.type == V_MAP || v.type == V_ENTRIES) {
			el->wanted = &text_type;
			el->wanted_of = e->u.index.index;
		}
		r = eval(el, e->u.index.index, scope);
		el->wanted = NULL;
		el->wanted_of = NULL;
		return eval_index(el, e, v, r);
	case EX_CALL:
		return eval_call(el, e, scope);
	case EX_UNARY:
		return eval_unary(el, e, eval(el, e->u.op.left, scope));
	case EX_BINARY:
		return eval_sides(el, e, scope);
	case EX_COND:
		v = eval_condition(el, e->u.cond.condition, scope, "a condition");
		if (!branches_agree(el, e, scope, NULL) || v.type != T_BOOL)
			return val_poison();
		return eval(el, v.u.BOOL ? e->u.cond.yes : e->u.cond.no, scope);
	case EX_LIST:
		return eval_list(el, e, scope);
	case EX_MAP:
		return eval_map(el, e, scope);
	case EX_COMPREHENSION:
		return eval_comprehension(el, e, scope, NULL, NULL);
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

bool sequence_outside(struct elab *el, const struct loop *loop, struct scope *scope, struct sequence *ret)
{
	struct active frame = {.outer = el->active, .used_at = loop->list->at};
	bool good;

	el->active = &frame;
	good = eval_sequence(el, loop, scope, ret);
	el->active = frame.outer;
	return good;
}
