/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Functions of numbers, of what can be compared, and of networks. */
#include "compiler/call.h"

static struct val overflow(struct call *c, const char *what)
{
	say(c->el, DIAG_overflow, c->e->at, "%s", what);
	return val_poison();
}

struct val call_abs(struct call *c)
{
	struct val v = c->args[0];

	if (v.type == T_FLOAT)
		return VAL(FLOAT, v.u.FLOAT < 0 ? -v.u.FLOAT : v.u.FLOAT);
	if (v.u.INT == INT64_MIN)
		return overflow(c, "the result is too large");
	return VAL(INT, v.u.INT < 0 ? -v.u.INT : v.u.INT);
}

struct val call_div(struct call *c)
{
	struct val a = c->args[0], b = c->args[1];
	bool amount = a.type == T_SIZE || a.type == T_DURATION;

	if (a.type == T_FLOAT && b.type == T_FLOAT) {
		double x = a.u.FLOAT / b.u.FLOAT;

		return b.u.FLOAT == 0 ? overflow(c, "a division by 0") : x - x == 0 ? VAL(FLOAT, x) : overflow(c, "the result is too large");
	}
	if (a.type == T_FLOAT || b.type == T_FLOAT || (b.type != T_INT && b.type != a.type) || (!amount && b.type != T_INT))
		return call_wrong(c, 1, "does not divide %s by %s", val_shown(a), val_shown(b));
	if (b.u.INT == 0)
		return overflow(c, "a division by 0");
	if (b.u.INT == -1 && a.u.INT == INT64_MIN)
		return overflow(c, "the result is too large");
	if (amount && b.u.INT < 0)
		return overflow(c, "the result is less than 0");
	return (struct val){.type = b.type == T_INT ? a.type : (int)T_INT, .u.INT = a.u.INT / b.u.INT};
}

struct val call_sum(struct call *c)
{
	const struct list *l = c->args[0].u.list;
	struct val sum = VAL(INT, 0);

	if (!call_items(c, l, A_AMOUNT, &sum.type))
		return val_poison();
	if (l->n == 0)
		return VAL(INT, 0);
	if (sum.type == T_FLOAT) {
		double x = 0;

		for (size_t i = 0; i < l->n; i++)
			x += l->at[i].u.FLOAT;
		return x - x == 0 ? VAL(FLOAT, x) : overflow(c, "the result is too large");
	}
	for (size_t i = 0; i < l->n; i++)
		if (__builtin_add_overflow(sum.u.INT, l->at[i].u.INT, &sum.u.INT))
			return overflow(c, "the result is too large");
	return sum;
}

/* The extreme: the largest where sign is 1, the smallest where it is -1. */
static struct val extreme(struct call *c, int sign)
{
	const struct list two = {c->args, 2}, *l = c->n == 2 ? &two : c->args[0].u.list;
	struct val best = val_none();
	bool comparable;
	int type;

	if (c->n == 1 && c->args[0].type != V_LIST)
		return call_wrong(c, 0, "takes a list, or two values");
	if (c->n == 2 && c->args[0].type != c->args[1].type)
		return call_wrong(c, 1, "compares two of one type, not %s and %s", val_shown(c->args[0]), val_shown(c->args[1]));
	if (!call_items(c, l, A_ORDERED, &type))
		return val_poison();
	for (size_t i = 0; i < l->n; i++)
		if (i == 0 || val_order(l->at[i], best, &comparable) * sign > 0)
			best = l->at[i];
	return best;
}

struct val call_max(struct call *c)
{
	return extreme(c, 1);
}

struct val call_min(struct call *c)
{
	return extreme(c, -1);
}

/* ---- networks ---- */

struct val call_network(struct call *c)
{
	return VAL(IP, cidr_network(c->args[0].u.CIDR));
}

struct val call_prefix_length(struct call *c)
{
	return VAL(INT, c->args[0].u.CIDR.len);
}

struct val call_netmask(struct call *c)
{
	struct cidr all = {.addr = {.family = c->args[0].u.CIDR.addr.family}, .len = c->args[0].u.CIDR.len};

	memset(all.addr.b, 0xff, addr_bits(all.addr) / 8);
	return VAL(IP, cidr_network(all));
}

struct val call_subnet(struct call *c)
{
	struct cidr part = {.addr = cidr_network(c->args[0].u.CIDR), .len = c->args[0].u.CIDR.len};
	int64_t bits = c->args[1].u.INT, number = c->args[2].u.INT, room = (int64_t)addr_bits(part.addr) - part.len;
	char text[CIDR_TEXT_MAX];

	if (bits < 0 || bits > room)
		return call_wrong(c, 1, "has %lld bits left in %s, not %lld", (long long)room, cidr_text(c->args[0].u.CIDR, text), (long long)bits);
	if (number < 0 || (bits < 63 && number >= (int64_t)1 << bits)) {
		say(c->el, DIAG_index_range, call_at(c, 2), "with %lld bits more there is no network number %lld", (long long)bits, (long long)number);
		return val_poison();
	}
	part.len = (uint8_t)(part.len + bits);
	for (unsigned bit = part.len; number; number >>= 1)
		if (bit--, number & 1)
			part.addr.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return VAL(CIDR, part);
}
