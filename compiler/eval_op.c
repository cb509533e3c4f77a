/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Operators and indexing. Both sides are of one type, except where a table row below says otherwise; whatever leaves the range of its type is an error. */
#include "compiler/elab.h"

static const char *const op_texts[] = {
	[OP_OR] = "or", [OP_AND] = "and", [OP_EQ] = "==",   [OP_NE] = "!=", [OP_LT] = "<",
	[OP_LE] = "<=", [OP_GT] = ">",	  [OP_GE] = ">=",   [OP_ADD] = "+", [OP_SUB] = "-",
	[OP_MUL] = "*", [OP_MOD] = "%",	  [OP_ELSE] = "??", [OP_NOT] = "not", [OP_NEG] = "-",
};

static struct val overflow(struct elab *el, const struct expr *e, const char *what)
{
	say(el, DIAG_overflow, e->at, "%s", what);
	return val_poison();
}

static bool is_unset(struct val v)
{
	return v.type == V_NONE || v.type == V_ABSENT;
}

const char *expr_in_text(struct elab *el, const struct expr *e)
{
	bool computed = e->kind >= EX_NAME || e->kind == EX_COMPUTED;

	return e->kind == EX_STRING || e->kind == EX_PATH ? str_copy(el->a, e->u.text).s : str_fmt(el->a, computed ? "${%s}" : "%s", expr_shown(el, e)).s;
}

static bool is_amount(struct val v)
{
	return v.type == T_SIZE || v.type == T_DURATION;
}

/* What to do about one side, a, beside the other, b. False where that is not known. */
static bool help_operand(struct elab *el, struct diag *d, const struct expr *e, struct val a, struct val b, const struct expr *of_a, const struct expr *of_b)
{
	enum op op = e->u.op.op;
	const char *shown = expr_shown(el, of_a);
	bool compared = op >= OP_EQ && op <= OP_GE;

	if (op == OP_ADD && (a.type == T_STRING || (a.type == T_PATH && b.type == T_STRING)))
		say_help(el, d, "strings are put together in quotes: \"%s%s\"", expr_in_text(el, e->u.op.left), expr_in_text(el, e->u.op.right));
	else if (a.type == T_INT && is_amount(b) && (of_a->kind != EX_INT || op == OP_MOD))
		say_help(el, d, "a number times a unit is one: %s * %s", shown, b.type == T_SIZE ? "1MiB" : "1s");
	else if (a.type == T_INT && is_amount(b))
		say_help(el, d, "give it a unit: %s", b.type == T_SIZE ? size_meant(el, a.u.INT) : str_fmt(el->a, "%llds", (long long)a.u.INT).s);
	else if ((a.type == T_INT && b.type == T_FLOAT))
		say_help(el, d, "write both with a decimal point: %s%s", shown, of_a->kind == EX_INT ? ".0" : " * 1.0");
	else if (a.type == T_PATH && b.type == T_STRING)
		say_help(el, d, "the path that a string says is path(%s)", expr_shown(el, of_b));
	else if (a.type == T_STRING && (b.type == T_INT || is_amount(b)) && !compared && a.u.STRING.n && str_only(a.u.STRING, "0123456789"))
		say_help(el, d, "a number has no quotes: %.*s", STR_ARG(a.u.STRING));
	else if (compared && b.type == T_STRING && val_string(el, a)[0] && (of_a->kind == EX_NAME || of_a->kind == EX_MEMBER || a.type == T_INT))
		say_help(el, d, of_a->kind == EX_NAME || of_a->kind == EX_MEMBER ? "its text is \"${%s}\"" : "its text is \"%s\"", shown);
	else if ((a.type == T_PORTREF || a.type == T_PORT) && b.type == T_INT)
		say_help(el, d, of_a->kind == EX_PORT ? "a number alone is computed with: %.*s" : "its number is %.*s.number", (int)(of_a->kind == EX_PORT ? strcspn(shown, "/") : strlen(shown)), shown);
	else if (a.type == T_CIDR && b.type == T_INT && op == OP_ADD)
		say_help(el, d, of_a->kind == EX_CIDR ? "an address in it is (%s)[%s]" : "an address in it is %s[%s]", shown, expr_shown(el, of_b));
	else if (a.type == V_LIST && b.type != V_LIST && op == OP_ADD)
		say_help(el, d, "a list is put together with a list: [%s]", expr_shown(el, of_b));
	else if (a.type == V_MAP && op == OP_ADD)
		say_help(el, d, "merge(%s, %s)", expr_shown(el, e->u.op.left), expr_shown(el, e->u.op.right));
	else if (a.type == T_IP && b.type == T_IP && op == OP_ADD)
		say_help(el, d, "a number is added to an address: %s + 1", shown);
	else if (is_amount(a) && a.type == b.type && op == OP_MUL)
		say_help(el, d, "one of them is a number, without a unit: %s * 2", shown);
	else if (a.type == T_PERCENT && b.type == T_PERCENT)
		say_help(el, d, "a percentage is of something: 1GiB * 60%%; nothing else is computed with it");
	else if (a.type == T_PERCENT && b.type == T_INT && op == OP_MUL)
		say_help(el, d, "a part of a number is div(%s * %.*s, 100)", expr_shown(el, of_b), (int)strcspn(shown, "%"), shown);
	else
		return false;
	return true;
}

static struct val wrong_types(struct elab *el, const struct expr *e, struct val l, struct val r)
{
	enum op op = e->u.op.op;
	struct diag *d;

	if (is_unset(l) || is_unset(r)) {
		const struct expr *unset = is_unset(l) ? e->u.op.left : e->u.op.right;

		help_unset(el, say(el, DIAG_value_none, unset->at, "`%s` is not set, so `%s` cannot take it", expr_shown(el, unset), op_texts[op]), unset);
		return val_poison();
	}
	d = say(el, DIAG_operator_types, e->at, "`%s` does not take %s and %s", op_texts[op], val_shown(l), val_shown(r));
	bool compared = op >= OP_EQ && op <= OP_GE;
	struct val text = l.type == T_STRING ? l : r, other = l.type == T_STRING ? r : l;
	const char *meant = compared && text.type == T_STRING ? text_meant(el, text.u.STRING, &(struct type){.tag = other.type}) : NULL;
	if (meant) {
		say_help(el, d, "write it without quotes: %s", meant);
		return val_poison();
	}
	for (size_t i = 0; i < 2; i++)
		if (help_operand(el, d, e, i ? r : l, i ? l : r, i ? e->u.op.right : e->u.op.left, i ? e->u.op.left : e->u.op.right))
			break;
	return val_poison();
}

static struct val integers(struct elab *el, const struct expr *e, enum op op, int type, int64_t a, int64_t b)
{
	int64_t x = 0;
	bool over = false;

	switch (op) {
	case OP_ADD:
		over = __builtin_add_overflow(a, b, &x);
		break;
	case OP_SUB:
		over = __builtin_sub_overflow(a, b, &x);
		break;
	case OP_MUL:
		over = __builtin_mul_overflow(a, b, &x);
		break;
	default:
		if (b == 0)
			return overflow(el, e, "the remainder of a division by 0");
		x = b == -1 ? 0 : a % b;
	}
	if (over)
		return overflow(el, e, "the result is too large");
	if (type != T_INT && x < 0)
		return overflow(el, e, "the result is less than 0");
	return (struct val){.type = type, .u.INT = x};
}

static struct val floats(struct elab *el, const struct expr *e, enum op op, double a, double b)
{
	double x = op == OP_ADD ? a + b : op == OP_SUB ? a - b : a * b;

	if (!(x - x == 0))
		return overflow(el, e, "the result is too large");
	return VAL(FLOAT, x);
}

static struct val address(struct elab *el, const struct expr *e, struct addr a, int64_t n)
{
	struct addr sum;

	if (!addr_add(a, n, &sum))
		return overflow(el, e, "the result is no address any more");
	return VAL(IP, sum);
}

/* 32GiB * 50%, 10s * 1.5: rounded down. */
static struct val scaled(struct elab *el, const struct expr *e, struct val amount, double by)
{
	double x = (double)amount.u.INT * by;

	if (by < 0 && amount.u.INT)
		return overflow(el, e, "the result is less than 0");
	if (!(x < 9223372036854775807.0))
		return overflow(el, e, "the result is too large");
	return (struct val){.type = amount.type, .u.INT = (int64_t)x};
}

/* How far the first is behind the second. */
static struct val distance(struct elab *el, const struct expr *e, struct addr a, struct addr b)
{
	bool less = addr_cmp(a, b) < 0;
	struct addr from = less ? a : b, to = less ? b : a;
	uint64_t n = 0;
	bool over = a.family != b.family;

	for (int i = 0, borrow = 0, last = (int)addr_bits(a) / 8 - 1; i <= last && !over; i++) {
		int digit = to.b[last - i] - from.b[last - i] - borrow;

		borrow = digit < 0;
		digit += borrow << 8;
		over = digit && i > 7;
		n |= i > 7 ? 0 : (uint64_t)digit << (8 * i);
	}
	if (over || n > INT64_MAX)
		return overflow(el, e, a.family == b.family ? "the result is too large" : "an IPv4 and an IPv6 address have no distance");
	return VAL(INT, less ? -(int64_t)n : (int64_t)n);
}

static struct val lists(struct elab *el, const struct expr *e, const struct list *a, const struct list *b)
{
	struct val *items;

	if (!list_room(el, a->n, b->n, e->at) || !list_room(el, 0, a->n, e->at))
		return val_poison();
	if (a->n && b->n && a->at[0].type != b->at[0].type) {
		say(el, DIAG_operator_types, e->at, "the items of a list are of one type, not %s and %s",
		    val_shown(a->at[0]), val_shown(b->at[0]));
		return val_poison();
	}
	items = arena_array(el->a, a->n + b->n, sizeof *items);
	if (a->n)
		memcpy(items, a->at, a->n * sizeof *items);
	if (b->n)
		memcpy(items + a->n, b->at, b->n * sizeof *items);
	return list_val(el, items, a->n + b->n);
}

static struct val arithmetic(struct elab *el, const struct expr *e, struct val l, struct val r)
{
	enum op op = e->u.op.op;
	bool amounts = l.type == T_SIZE || l.type == T_DURATION;

	if (l.type == T_INT && r.type == T_INT)
		return integers(el, e, op, T_INT, l.u.INT, r.u.INT);
	if (l.type == T_FLOAT && r.type == T_FLOAT && op != OP_MOD)
		return floats(el, e, op, l.u.FLOAT, r.u.FLOAT);
	if (amounts && l.type == r.type && (op == OP_ADD || op == OP_SUB))
		return integers(el, e, op, l.type, l.u.INT, r.u.INT);
	if (op == OP_MUL && amounts && r.type == T_INT)
		return integers(el, e, op, l.type, l.u.INT, r.u.INT);
	if (op == OP_MUL && l.type == T_INT && (r.type == T_SIZE || r.type == T_DURATION))
		return integers(el, e, op, r.type, l.u.INT, r.u.INT);
	if (l.type == T_IP && r.type == T_INT && (op == OP_ADD || (op == OP_SUB && r.u.INT != INT64_MIN)))
		return address(el, e, l.u.IP, op == OP_ADD ? r.u.INT : -r.u.INT);
	if (l.type == T_IP && r.type == T_IP && op == OP_SUB)
		return distance(el, e, l.u.IP, r.u.IP);
	if (op == OP_MUL && amounts && (r.type == T_FLOAT || r.type == T_PERCENT))
		return scaled(el, e, l, r.type == T_PERCENT ? r.u.PERCENT / 100 : r.u.FLOAT);
	if (op == OP_MUL && (l.type == T_FLOAT || l.type == T_PERCENT) && (r.type == T_SIZE || r.type == T_DURATION))
		return scaled(el, e, r, l.type == T_PERCENT ? l.u.PERCENT / 100 : l.u.FLOAT);
	if (l.type == V_LIST && r.type == V_LIST && op == OP_ADD)
		return lists(el, e, l.u.list, r.u.list);
	return wrong_types(el, e, l, r);
}

static struct val comparison(struct elab *el, const struct expr *e, struct val l, struct val r)
{
	enum op op = e->u.op.op;
	bool comparable;
	int order;

	if (op == OP_EQ || op == OP_NE) {
		bool equal = val_eq(l, r, &comparable);

		return comparable ? VAL(BOOL, equal == (op == OP_EQ)) : wrong_types(el, e, l, r);
	}
	order = val_order(l, r, &comparable);
	if (!comparable)
		return wrong_types(el, e, l, r);
	return VAL(BOOL, op == OP_LT ? order < 0 : op == OP_LE ? order <= 0 : op == OP_GT ? order > 0 : order >= 0);
}

struct val eval_binary(struct elab *el, const struct expr *e, struct val l, struct val r)
{
	if (l.type == V_POISON || r.type == V_POISON)
		return val_poison();
	switch (e->u.op.op) {
	case OP_AND:
	case OP_OR:
		/* The left side has not decided it: the right side does. */
		return l.type == T_BOOL && r.type == T_BOOL ? r : wrong_types(el, e, l, r);
	case OP_EQ:
	case OP_NE:
	case OP_LT:
	case OP_LE:
	case OP_GT:
	case OP_GE:
		return comparison(el, e, l, r);
	default:
		return arithmetic(el, e, l, r);
	}
}

struct val eval_unary(struct elab *el, const struct expr *e, struct val v)
{
	if (v.type == V_POISON)
		return v;
	if (e->u.op.op == OP_NOT && v.type == T_BOOL)
		return VAL(BOOL, !v.u.BOOL);
	if (e->u.op.op == OP_NEG && v.type == T_FLOAT)
		return VAL(FLOAT, -v.u.FLOAT);
	if (e->u.op.op == OP_NEG && v.type == T_INT)
		return integers(el, e, OP_SUB, T_INT, 0, v.u.INT);
	if (is_unset(v))
		say(el, DIAG_value_none, e->u.op.left->at, "`%s` is not set, so `%s` cannot take it",
		    expr_shown(el, e->u.op.left), op_texts[e->u.op.op]);
	else
		say(el, DIAG_operator_types, e->at, "`%s` does not take %s", op_texts[e->u.op.op], val_shown(v));
	return val_poison();
}

static struct val address_in(struct elab *el, const struct expr *e, struct cidr range, int64_t n)
{
	char text[CIDR_TEXT_MAX];
	struct addr a;

	if (n >= 0 && addr_add(cidr_network(range), n, &a) && cidr_contains(range, a))
		return VAL(IP, a);
	say(el, DIAG_index_range, e->u.index.index->at, "%s has no address number %lld", cidr_text(range, text),
	    (long long)n);
	return val_poison();
}

static void help_index(struct elab *el, struct diag *d, const struct expr *e, struct val base, struct val index)
{
	const char *of = expr_shown(el, e->u.index.base), *number = expr_shown(el, e->u.index.index);

	if (base.type == V_NODE && base.u.node->tag == KIND_subnet && index.type == T_INT)
		say_help(el, d, "an address of it is %s.range[%s]", of, number);
	else if (base.type == V_LIST && index.type == T_STRING)
		say_help(el, d, "items have numbers, from 0: %s[0]", of);
	else if ((base.type == V_MAP || base.type == V_ENTRIES) && index.type == T_INT)
		say_help(el, d, "entries have names: %s[\"%s\"]; by number they are values(%s)[%s]", of, number, of, number);
}

struct val eval_index(struct elab *el, const struct expr *e, struct val base, struct val index)
{
	if (base.type == V_POISON || index.type == V_POISON)
		return val_poison();
	if (base.type == V_LIST && index.type == T_INT) {
		const struct list *l = base.u.list;

		if (index.u.INT >= 0 && (uint64_t)index.u.INT < l->n)
			return l->at[index.u.INT];
		say(el, DIAG_index_range, e->u.index.index->at,
		    "the list has %zu items, numbered from 0: there is no %lld", l->n, (long long)index.u.INT);
		return val_poison();
	}
	if (base.type == T_CIDR && index.type == T_INT)
		return address_in(el, e, base.u.CIDR, index.u.INT);
	if ((base.type == V_MAP || base.type == V_ENTRIES || base.type == V_NODE || base.type == V_ABSENT) && index.type == T_STRING)
		return eval_member(el, base, (struct ident){index.u.STRING, e->u.index.index->at}, e->at);
	if (is_unset(base))
		say(el, DIAG_value_none, e->u.index.base->at, "`%s` is not set, so nothing is in it",
		    expr_shown(el, e->u.index.base));
	else
		help_index(el, say(el, DIAG_operator_types, e->at, "`[ ]` does not take %s and %s", val_shown(base), val_shown(index)), e, base, index);
	return val_poison();
}
