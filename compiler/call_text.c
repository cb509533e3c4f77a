/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Functions of strings. Bytes are compared; only ASCII letters have two cases. */
#include "compiler/call.h"

#include "lang/base/path.h"

struct val call_join(struct call *c)
{
	const struct list *l = c->args[0].u.list;
	struct buf b = {0};

	for (size_t i = 0; i < l->n && b.n <= TEXT_MAX; i++) {
		if (i)
			buf_str(&b, c->args[1].u.STRING);
		if (is_secret(l->at[i])) {
			secret_refused(c->el, l->at[i], call_at(c, 0), "a text");
			buf_free(&b);
			return val_poison();
		}
		if (!val_text(l->at[i], &b)) {
			say(c->el, DIAG_type_mismatch, call_at(c, 0), "no text can be made of this %s", val_shown(l->at[i]));
			buf_free(&b);
			return val_poison();
		}
	}
	return call_text(c, &b);
}

/* Moves what lies between lo and hi by `by`. */
static struct val shifted(struct call *c, char lo, char hi, int by)
{
	struct str s = c->args[0].u.STRING;
	struct buf b = {0};

	buf_str(&b, s);
	for (size_t i = 0; i < b.n; i++)
		if (b.s[i] >= lo && b.s[i] <= hi)
			b.s[i] = (char)(b.s[i] + by);
	return call_text(c, &b);
}

struct val call_lower(struct call *c)
{
	return shifted(c, 'A', 'Z', 'a' - 'A');
}

struct val call_upper(struct call *c)
{
	return shifted(c, 'a', 'z', 'A' - 'a');
}

/* Where the text is next, or NULL. */
static const char *find(struct str in, struct str what)
{
	return what.n && what.n <= in.n ? memmem(in.s, in.n, what.s, what.n) : NULL;
}

struct val call_replace(struct call *c)
{
	struct str rest = c->args[0].u.STRING, old = c->args[1].u.STRING;
	struct buf b = {0};
	const char *at;

	if (!old.n)
		return call_wrong(c, 1, "cannot replace an empty text");
	while ((at = find(rest, old)) && b.n <= TEXT_MAX) {
		buf_add(&b, rest.s, (size_t)(at - rest.s));
		buf_str(&b, c->args[2].u.STRING);
		rest = (struct str){at + old.n, rest.n - (size_t)(at - rest.s) - old.n};
	}
	buf_str(&b, rest);
	return call_text(c, &b);
}

struct val call_split(struct call *c)
{
	struct str rest = c->args[0].u.STRING, separator = c->args[1].u.STRING;
	VEC(struct val) items = {0};
	const char *at;

	if (!separator.n)
		return call_wrong(c, 1, "needs a separator that is not empty");
	for (bool more = rest.n > 0; more;) {
		if (!list_room(c->el, items.n, 1, c->e->at))
			return val_poison();
		at = find(rest, separator);
		more = at != NULL;
		struct str part = more ? (struct str){rest.s, (size_t)(at - rest.s)} : rest;
		vec_push(c->el->a, &items, VAL(STRING, part));
		if (more)
			rest = (struct str){at + separator.n, rest.n - part.n - separator.n};
	}
	return list_val(c->el, items.at, items.n);
}

struct val call_starts_with(struct call *c)
{
	return VAL(BOOL, str_starts(c->args[0].u.STRING, c->args[1].u.STRING));
}

struct val call_ends_with(struct call *c)
{
	return VAL(BOOL, str_ends(c->args[0].u.STRING, c->args[1].u.STRING));
}

struct val call_path(struct call *c)
{
	struct str s = c->args[0].u.STRING;
	const char *wrong = path_wrong(s);

	if (wrong)
		return call_wrong(c, 0, "makes no path of this: %s", wrong);
	return VAL(PATH, path_trimmed(s));
}

struct val call_port(struct call *c)
{
	static const uint8_t all[] = {PROTO_TCP, PROTO_UDP, PROTO_SCTP};
	int64_t n = c->args[0].u.INT;
	struct port port = {.lo = (uint16_t)n, .hi = (uint16_t)n};

	if (n < 1 || n > UINT16_MAX)
		return call_wrong(c, 0, "takes a number from 1 to 65535, not %lld", (long long)n);
	for (size_t i = 0; i < sizeof all; i++)
		if (str_is(c->args[1].u.STRING, proto_name(all[i])))
			port.proto = all[i];
	return port.proto ? VAL(PORT, port) : call_wrong(c, 1, "knows the protocols \"tcp\", \"udp\" and \"sctp\"");
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct val call_trim(struct call *c)
{
	struct str s = c->args[0].u.STRING;

	while (s.n && is_blank(s.s[0]))
		s = (struct str){s.s + 1, s.n - 1};
	while (s.n && is_blank(s.s[s.n - 1]))
		s.n--;
	return VAL(STRING, s);
}
