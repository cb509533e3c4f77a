/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The type of an expression as far as it is known without evaluating it: for what is not evaluated, such as the branch that is not taken. Where nothing can be said
 * without a value (a member, an item), nothing is said. */
#include "compiler/elab.h"

enum { INFER_DEPTH = 20, UNKNOWN = -1 };

static int infer(struct elab *el, const struct expr *e, struct scope *scope, unsigned depth);

static int infer_binding(struct elab *el, const struct binding *b, unsigned depth)
{
	if (b->slot.state == SLOT_DONE)
		return b->val.type == V_POISON ? UNKNOWN : b->val.type;
	return b->slot.expr && !b->declared ? infer(el, b->slot.expr, b->slot.scope, depth + 1) : UNKNOWN;
}

static int infer_name(struct elab *el, const struct expr *e, struct scope *scope, unsigned depth)
{
	struct found f = name_find(el, scope, e->u.text, el->active ? el->active->slot : NULL);

	if (f.form == FOUND_BINDING)
		return infer_binding(el, f.binding, depth);
	return f.form == FOUND_CHILD ? (int)V_NODE : UNKNOWN;
}

static int infer_operator(struct elab *el, const struct expr *e, struct scope *scope, unsigned depth)
{
	int left, right;

	if (e->kind == EX_UNARY)
		return e->u.op.op == OP_NOT ? (int)T_BOOL : infer(el, e->u.op.left, scope, depth + 1);
	if (e->u.op.op <= OP_GE)
		return T_BOOL;
	left = infer(el, e->u.op.left, scope, depth + 1);
	right = infer(el, e->u.op.right, scope, depth + 1);
	return left == right ? left : UNKNOWN;
}

static int infer(struct elab *el, const struct expr *e, struct scope *scope, unsigned depth)
{
	if (depth > INFER_DEPTH)
		return UNKNOWN;
	switch (e->kind) {
	case EX_BOOL:
		return T_BOOL;
	case EX_NONE:
		return V_NONE;
	case EX_INT:
		return e->u.octal ? T_MODE : T_INT;
	case EX_FLOAT:
		return T_FLOAT;
	case EX_STRING:
	case EX_TEXT:
		return T_STRING;
	case EX_SIZE:
		return T_SIZE;
	case EX_DURATION:
		return T_DURATION;
	case EX_PERCENT:
		return T_PERCENT;
	case EX_IP:
		return T_IP;
	case EX_CIDR:
		return T_CIDR;
	case EX_MAC:
		return T_MAC;
	case EX_PORT:
		return T_PORT;
	case EX_ENDPOINT:
		return T_ENDPOINT;
	case EX_PATH:
		return T_PATH;
	case EX_OWNER:
		return T_OWNER;
	case EX_COMPREHENSION:
		return e->u.loop.key ? V_MAP : V_LIST;
	case EX_LIST:
		return V_LIST;
	case EX_MAP:
		return V_MAP;
	case EX_NAME:
		return infer_name(el, e, scope, depth);
	case EX_UNARY:
	case EX_BINARY:
		return infer_operator(el, e, scope, depth);
	case EX_COND:
		return infer(el, e->u.cond.yes, scope, depth + 1);
	case EX_CALL:
	case EX_PORT_OF:
	case EX_COMPUTED:
	case EX_MEMBER:
	case EX_INDEX:
	case EX_BAD:
		break;
	}
	return UNKNOWN;
}

static const char *shown(int type)
{
	return type < T_COUNT ? type_infos[type].shown : type == V_LIST ? "list" : type == V_MAP ? "map" : "block";
}

/* Whether what is wanted takes values of this type, of those types of which it takes several. */
static bool serves(int type, const struct type *wanted)
{
	switch (wanted->tag) {
	case T_PATH:
		return type == T_PATH || type == T_STRING;
	case T_NUMBER:
	case T_FLOAT:
		return type == T_INT || type == T_FLOAT;
	case T_HOSTPORT:
		return type == T_INT || type == T_PORT || type == T_ENDPOINT;
	case T_REMOTE:
		return type == T_ENDPOINT || type == T_STRING;
	case T_FLOWEND:
		return type == V_NODE || type == T_PORTREF;
	default:
		return false;
	}
}

bool branches_agree(struct elab *el, const struct expr *e, struct scope *scope, const struct type *wanted)
{
	int yes = infer(el, e->u.cond.yes, scope, 0), no = infer(el, e->u.cond.no, scope, 0);

	if (yes == UNKNOWN || no == UNKNOWN || yes == no || yes == V_NONE || no == V_NONE)
		return true;
	if (wanted && serves(yes, wanted) && serves(no, wanted))
		return true;
	struct diag *d = say(el, DIAG_type_mismatch, e->u.cond.no->at,
			     "both branches are of one type: `then` is %s, `else` is %s", shown(yes), shown(no));
	say_note(el, d, e->u.cond.yes->at, "%s", shown(yes));
	if ((yes == T_PATH && no == T_STRING) || (yes == T_STRING && no == T_PATH))
		say_help(el, d, "the path that a string says is path(\"…\")");
	else if (wanted && no == T_STRING && e->u.cond.no->kind == EX_STRING && text_meant(el, e->u.cond.no->u.text, wanted))
		say_help(el, d, "write it without quotes: %s", text_meant(el, e->u.cond.no->u.text, wanted));
	else if (yes == T_STRING)
		say_help(el, d, "as a text it is \"%s\"", expr_in_text(el, e->u.cond.no));
	else if (no == T_STRING)
		say_help(el, d, "as a text the other is \"%s\"", expr_in_text(el, e->u.cond.yes));
	return false;
}

/* Names that are made by loops are left alone. */
static void names_look(struct elab *el, const struct expr *e, struct scope *scope)
{
	switch (e->kind) {
	case EX_NAME:
		if (name_find(el, scope, e->u.text, NULL).form == FOUND_NOTHING)
			name_unknown(el, scope, e->u.text, e->at, NULL);
		break;
	case EX_TEXT:
		for (const struct expr *part = e->u.list.first; part; part = part->next)
			names_look(el, part, scope);
		break;
	case EX_CALL:
		for (const struct expr *arg = e->u.call.args.first; arg; arg = arg->next)
			names_look(el, arg, scope);
		break;
	case EX_MEMBER:
		names_look(el, e->u.member.base, scope);
		break;
	default:
		break;
	}
}

void text_look(struct elab *el, const struct expr *e, struct scope *scope, const char *what)
{
	int type = infer(el, e, scope, 0);

	names_look(el, e, scope);
	if (type == UNKNOWN || type == T_STRING)
		return;
	struct diag *d = say(el, DIAG_type_mismatch, e->at, "%s is a string, not %s", what, type == V_NONE ? "none" : shown(type));
	if (type != V_NONE && type < T_COUNT)
		say_help(el, d, "a string stands in quotes: \"%s\"", expr_in_text(el, e));
}

bool is_no_bool(struct elab *el, const struct expr *e, struct scope *scope)
{
	int type = infer(el, e, scope, 0);

	if (type == UNKNOWN || type == T_BOOL)
		return false;
	struct diag *d = say(el, DIAG_type_mismatch, e->at, "a condition is true or false, not %s", type == V_NONE ? "none" : shown(type));

	say_help(el, d, type == V_NONE ? "to ask whether something is set: … != none" : "compare it: … == …, … < …");
	return true;
}
