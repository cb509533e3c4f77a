/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Literals: the text of one token to one node. The lexer has seen the shape; here the numbers are judged. What is wrong is said once, with what may have been
 * meant, and the node is EX_BAD then, so that nothing later stumbles over it. */
#include "grammar.h"

#include <ctype.h>
#include <stdlib.h>

#include "lang/base/near.h"
#include "lang/habit.h"
#include "lang/schema.h"

static struct expr *bad(struct parser *p, struct span at)
{
	return expr_new(p, EX_BAD, at);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads digits (and single `_` between them) at *i; false on overflow of 64 bits, with *i behind them all the same. */
static bool digits(struct str text, size_t *i, int64_t *ret)
{
	int64_t value = 0;
	bool fits = true;

	for (; *i < text.n && (is_digit(text.s[*i]) || text.s[*i] == '_'); ++*i)
		if (text.s[*i] != '_')
			fits = fits && !__builtin_mul_overflow(value, 10, &value) &&
			       !__builtin_add_overflow(value, text.s[*i] - '0', &value);
	*ret = value;
	return fits;
}

static struct expr *too_big(struct parser *p, struct span at)
{
	struct str shown = parser_shown(p, at);

	diag_add(p->diags, DIAG_number_range, at, "`%.*s` is too big: a number has 64 bits", STR_ARG(shown));
	return bad(p, at);
}

static struct expr *octal(struct parser *p, struct span at, struct str text)
{
	int64_t value = 0;

	for (size_t i = 1; i < text.n; i++) {
		if (text.s[i] < '0' || text.s[i] > '7') {
			struct diag *d = diag_add(p->diags, DIAG_number, at, "`%.*s` is no octal number, as the leading 0 says it is",
						  STR_ARG(text));

			diag_help(p->diags, d, "modes have digits 0 to 7: 0750; for a decimal number leave the leading 0 out");
			return bad(p, at);
		}
		if (__builtin_mul_overflow(value, 8, &value))
			return too_big(p, at);
		value |= text.s[i] - '0';
	}
	struct expr *e = expr_new(p, EX_INT, at);
	e->u.integer = value;
	e->u.octal = true;
	return e;
}

struct expr *literal_int(struct parser *p, struct span at)
{
	struct str text = parser_text(p, at);
	int64_t value;
	size_t i = 0;

	if (text.n > 1 && text.s[0] == '0')
		return octal(p, at, text);
	if (!digits(text, &i, &value))
		return too_big(p, at);
	struct expr *e = expr_new(p, EX_INT, at);
	e->u.integer = value;
	return e;
}

/* A decimal number without sign and exponent, `_` left out. It does not depend on the locale: digits are summed up, and every double of at most 15 significant
 * digits comes out as strtod would read it in the C locale. */
static bool decimal(struct str text, size_t *i, double *ret)
{
	double value = 0, scale = 1;
	int digits_seen = 0;
	bool behind_dot = false;

	for (; *i < text.n && (is_digit(text.s[*i]) || text.s[*i] == '_' || text.s[*i] == '.'); ++*i) {
		if (text.s[*i] == '.') {
			behind_dot = true;
		} else if (text.s[*i] != '_') {
			value = value * 10 + (text.s[*i] - '0');
			scale *= behind_dot ? 10 : 1;
			digits_seen += value > 0;
		}
	}
	*ret = value / scale;
	return digits_seen <= 15;
}

static struct expr *number(struct parser *p, struct span at, enum expr_kind kind)
{
	struct str text = parser_text(p, at);
	size_t i = 0;
	double value;

	if (!decimal(text, &i, &value)) {
		diag_add(p->diags, DIAG_number_range, at, "a decimal number has at most 15 digits");
		return bad(p, at);
	}
	struct expr *e = expr_new(p, kind, at);
	e->u.number = value;
	return e;
}

struct expr *literal_float(struct parser *p, struct span at)
{
	return number(p, at, EX_FLOAT);
}

struct expr *literal_percent(struct parser *p, struct span at)
{
	return number(p, at, EX_PERCENT);
}

static const struct unit {
	const char *word;
	enum expr_kind kind;
	int64_t factor;
} units[] = {
	{"B", EX_SIZE, 1},
	{"KiB", EX_SIZE, 1LL << 10},
	{"MiB", EX_SIZE, 1LL << 20},
	{"GiB", EX_SIZE, 1LL << 30},
	{"TiB", EX_SIZE, 1LL << 40},
	{"kB", EX_SIZE, 1000},
	{"MB", EX_SIZE, 1000000},
	{"GB", EX_SIZE, 1000000000},
	{"TB", EX_SIZE, 1000000000000},
	{"us", EX_DURATION, 1},
	{"ms", EX_DURATION, 1000},
	{"s", EX_DURATION, 1000000},
	{"m", EX_DURATION, 60000000},
	{"h", EX_DURATION, 3600000000},
	{"d", EX_DURATION, 86400000000},
};
enum { UNITS = sizeof units / sizeof units[0] };

/* What people write elsewhere, and what it is here. */
static const struct {
	const char *wrong, *right;
} aliases[] = {
	{"K", "KiB"}, {"k", "KiB"}, {"M", "MiB"}, {"G", "GiB"}, {"g", "GiB"}, {"T", "TiB"}, {"t", "TiB"}, {"Ki", "KiB"}, {"Mi", "MiB"},
	{"Gi", "GiB"}, {"Ti", "TiB"}, {"b", "B"}, {"gb", "GB"}, {"mb", "MB"}, {"KB", "kB"}, {"kb", "kB"}, {"tb", "TB"}, {"sec", "s"},
	{"secs", "s"}, {"second", "s"}, {"seconds", "s"}, {"min", "m"}, {"mins", "m"}, {"minute", "m"}, {"minutes", "m"}, {"hr", "h"},
	{"hrs", "h"}, {"hour", "h"}, {"hours", "h"}, {"day", "d"}, {"days", "d"}, {"msec", "ms"}, {"usec", "us"}, {"H", "h"}, {"D", "d"},
	{"S", "s"},
};

static const struct unit *unit_find(struct str word)
{
	for (size_t i = 0; i < UNITS; i++)
		if (str_is(word, units[i].word))
			return &units[i];
	return NULL;
}

struct str literal_unit(struct str word)
{
	const struct unit *unit = unit_find(word);

	for (size_t i = 0; !unit && i < sizeof aliases / sizeof aliases[0]; i++)
		if (str_is(word, aliases[i].wrong))
			return str_of(aliases[i].right);
	return unit ? str_of(unit->word) : STR("");
}

static struct expr *unit_unknown(struct parser *p, struct span at, struct str text, struct str word)
{
	struct span here = {at.lo + (uint32_t)(word.s - text.s), at.lo + (uint32_t)(word.s - text.s + (ptrdiff_t)word.n)};
	struct near near = near_start(word);
	struct str shown = parser_shown(p, here);
	struct diag *d = diag_add(p->diags, DIAG_unit, here, "`%.*s` is no unit", STR_ARG(shown));

	for (size_t i = 0; i < UNITS; i++)
		near_offer(&near, str_of(units[i].word));
	if (literal_unit(word).n)
		near.best = literal_unit(word);
	if (text.s[0] == '0' && (word.s[0] == 'x' || word.s[0] == 'X'))
		diag_help(p->diags, d, "numbers are decimal, or octal with a leading 0");
	else if (p->last == NAME && kind_find(parser_text(p, p->last_at)) != KIND_COUNT)
		diag_help(p->diags, d, "a name begins with a letter");
	else if (near.best.n)
		diag_suggest(p->diags, d, near.best);
	else
		diag_help(p->diags, d, "sizes: B, KiB, MiB, GiB, TiB, kB, MB, GB, TB; durations: us, ms, s, m, h, d; text is written in quotes");
	return bad(p, at);
}

/* value[.fraction] in units of factor; the result must be whole. */
static bool scaled(struct str text, size_t *i, int64_t factor, int64_t *ret, bool *whole)
{
	int64_t value, part = 0, ten = 1;
	bool fits = digits(text, i, &value) && !__builtin_mul_overflow(value, factor, &value);

	*whole = true;
	if (*i < text.n && text.s[*i] == '.') {
		for (++*i; *i < text.n && is_digit(text.s[*i]); ++*i)
			fits = fits && !__builtin_mul_overflow(ten, 10, &ten) && !__builtin_mul_overflow(part, 10, &part) &&
			       !__builtin_add_overflow(part, text.s[*i] - '0', &part);
		fits = fits && !__builtin_mul_overflow(part, factor, &part);
		*whole = !fits || part % ten == 0;
		fits = fits && !__builtin_add_overflow(value, part / ten, &value);
	}
	*ret = value;
	return fits;
}

static struct str unit_at(struct str text, size_t i)
{
	size_t from, to;

	for (from = i; from < text.n && (is_digit(text.s[from]) || text.s[from] == '.' || text.s[from] == '_'); from++)
		;
	for (to = from; to < text.n && !is_digit(text.s[to]); to++)
		;
	return (struct str){text.s + from, to - from};
}

/* 16GiB, 1.5GiB, 30s, 1h30m: a size has one part, the parts of a duration go down. */
struct expr *literal_quantity(struct parser *p, struct span at)
{
	struct str text = parser_text(p, at);
	const struct unit *unit, *before = NULL;
	int64_t sum = 0, part;
	bool whole;

	for (size_t i = 0; i < text.n; before = unit) {
		struct str word = unit_at(text, i);

		unit = unit_find(word);
		if (!unit && (p->last == '{' || p->last == SEP) && text.s[0] >= '0' && text.s[0] <= '9') { /* env { 1A = "x" } */
			diag_help(p->diags, diag_add(p->diags, DIAG_name, at, "`%.*s` is no name", STR_ARG(text)), "a name begins with a letter or `_`");
			return bad(p, at);
		}
		if (!unit)
			return unit_unknown(p, at, text, word);
		if (before && (unit->kind != EX_DURATION || before->kind != EX_DURATION || unit->factor >= before->factor)) {
			struct diag *d = diag_add(p->diags, DIAG_number, at, "`%.*s` is no size and no duration", STR_ARG(text));

			diag_help(p->diags, d, "a duration may have several parts, the largest first: 1h30m");
			return bad(p, at);
		}
		if (!scaled(text, &i, unit->factor, &part, &whole) || __builtin_add_overflow(sum, part, &sum))
			return too_big(p, at);
		if (!whole) {
			diag_add(p->diags, DIAG_number, at, "`%.*s` is no whole number of %s", STR_ARG(text),
				 unit->kind == EX_SIZE ? "bytes" : "microseconds");
			return bad(p, at);
		}
		i += word.n;
	}
	struct expr *e = expr_new(p, before->kind, at);
	e->u.integer = sum;
	return e;
}

/* Pairs of hexadecimal digits, joined by : or -, that are not six, or not joined by `:`. */
static bool mac_meant(struct str text, char join)
{
	if (text.n % 3 != 2 || text.n < 4 * 3 - 1 || text.n > 8 * 3 - 1)
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (i % 3 == 2 ? text.s[i] != join : !isxdigit((unsigned char)text.s[i]))
			return false;
	return true;
}

static struct expr *mac_malformed(struct parser *p, struct span at, struct str shown)
{
	struct diag *d = diag_add(p->diags, DIAG_mac, at, "`%.*s` is no MAC address", STR_ARG(shown));

	diag_help(p->diags, d, "it has six pairs of hexadecimal digits: 02:42:ac:11:00:02");
	return bad(p, at);
}

struct expr *literal_ip(struct parser *p, struct span at)
{
	struct str text = parser_text(p, at), shown;
	struct addr addr;

	if (addr_parse(text, &addr)) {
		struct expr *e = expr_new(p, EX_IP, at);

		e->u.addr = addr;
		return e;
	}
	shown = parser_shown(p, at);
	if (mac_meant(text, ':'))
		return mac_malformed(p, at, shown);
	struct diag *d = diag_add(p->diags, DIAG_address, at, "`%.*s` is no IP address", STR_ARG(shown));
	if (!str_has(text, ':'))
		diag_help(p->diags, d, "each of its four parts is a number from 0 to 255, without leading zeros");
	else
		diag_help(p->diags, d, "an IPv6 address has eight groups of up to four hexadecimal digits, or one `::` for groups of zeros");
	return bad(p, at);
}

struct expr *literal_cidr(struct parser *p, struct span at)
{
	struct str text = parser_text(p, at), len, address = str_cut(text, '/', &len), shown;
	struct addr addr;
	struct cidr cidr;

	if (cidr_parse(text, &cidr)) {
		struct expr *e = expr_new(p, EX_CIDR, at);

		e->u.cidr = cidr;
		return e;
	}
	shown = parser_shown(p, at);
	struct diag *d = diag_add(p->diags, DIAG_address, at, "`%.*s` is no network", STR_ARG(shown));
	if (addr_parse(address, &addr))
		diag_help(p->diags, d, "the prefix length of an IPv%d network is a number from 0 to %u", addr.family, addr_bits(addr));
	else
		diag_help(p->diags, d, "`%.*s` is no IP address", STR_ARG(address));
	return bad(p, at);
}

struct expr *literal_mac(struct parser *p, struct span at)
{
	struct str text = parser_text(p, at);
	struct expr *e = expr_new(p, EX_MAC, at);

	for (size_t i = 0; i < 6; i++) {
		char pair[3] = {text.s[i * 3], text.s[i * 3 + 1], '\0'};

		e->u.mac.b[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return e;
}

static bool port_number(struct parser *p, struct span at, struct str text, uint16_t *ret)
{
	int64_t value = 0;
	size_t i = 0;

	if (digits(text, &i, &value) && i == text.n && value >= 1 && value <= 65535 && text.s[0] != '0') {
		*ret = (uint16_t)value;
		return true;
	}
	struct diag *d = diag_add(p->diags, DIAG_port, at, "`%.*s` is no port", text.n > 40 ? 40 : (int)text.n, text.s);
	diag_help(p->diags, d, "ports are numbers from 1 to 65535");
	return false;
}

static const struct proto_word {
	struct str word;
	uint8_t proto;
} protos[] = {{{"tcp", 3}, PROTO_TCP}, {{"udp", 3}, PROTO_UDP}, {{"sctp", 4}, PROTO_SCTP}};

/* N or N/tcp, as nearly all are written; false for all others, right or wrong. */
static bool port_plain(struct str text, struct port *ret)
{
	unsigned value = 0;
	size_t i = 0;

	for (; i < text.n && i < 5 && is_digit(text.s[i]); i++)
		value = value * 10 + (unsigned)(text.s[i] - '0');
	if (i == 0 || text.s[0] == '0' || value > 65535)
		return false;
	*ret = (struct port){(uint16_t)value, (uint16_t)value, PROTO_NONE};
	if (i == text.n)
		return true;
	if (text.s[i] != '/')
		return false;
	struct str word = {text.s + i + 1, text.n - i - 1};
	for (i = 0; i < sizeof protos / sizeof protos[0]; i++)
		if (str_eq(word, protos[i].word))
			ret->proto = protos[i].proto;
	return ret->proto != PROTO_NONE;
}

/* N, N-M, N/tcp, N-M/tcp; at is where it stands. False: it was said. */
static bool port_read(struct parser *p, struct span at, struct str text, struct port *ret)
{
	if (port_plain(text, ret))
		return true;
	struct str proto, hi, range = str_cut(text, '/', &proto), lo = str_cut(range, '-', &hi);
	struct port port = {0};

	if (range.n < text.n) {
		for (size_t i = 0; i < sizeof protos / sizeof protos[0]; i++)
			if (str_eq(proto, protos[i].word))
				port.proto = protos[i].proto;
		if (port.proto == PROTO_NONE) {
			struct near near = near_start(proto);

			for (size_t i = 0; i < sizeof protos / sizeof protos[0]; i++)
				near_offer(&near, protos[i].word);
			struct diag *d = diag_add(p->diags, DIAG_port, at, "`%.*s` is no protocol with ports",
						  proto.n > 40 ? 40 : (int)proto.n, proto.s);

			if (near.best.n)
				diag_suggest(p->diags, d, near.best);
			else
				diag_help(p->diags, d, "protocols are tcp, udp and sctp");
			return false;
		}
	}
	if (!port_number(p, at, lo, &port.lo))
		return false;
	port.hi = port.lo;
	if (lo.n < range.n && !port_number(p, at, hi, &port.hi))
		return false;
	if (port.hi < port.lo) {
		struct diag *d = diag_add(p->diags, DIAG_port, at, "the range of ports `%.*s` runs backwards", STR_ARG(range));

		diag_help(p->diags, d, "write `%u-%u`; a subtraction has blanks on both sides of its `-`", port.hi, port.lo);
		return false;
	}
	*ret = port;
	return true;
}

struct expr *literal_port(struct parser *p, struct span at)
{
	struct port port;

	if (!port_read(p, at, parser_text(p, at), &port))
		return bad(p, at);
	struct expr *e = expr_new(p, EX_PORT, at);
	e->u.port = port;
	return e;
}

struct port literal_port_of(struct parser *p, struct span at)
{
	struct str text = parser_text(p, at);
	struct port port = {0};

	port_read(p, at, (struct str){text.s + 1, text.n - 1}, &port);
	return port;
}

struct expr *literal_endpoint(struct parser *p, struct span at)
{
	struct str text = parser_text(p, at), port, address;
	struct endpoint endpoint;

	if (text.s[0] == '[') {
		address = str_cut((struct str){text.s + 1, text.n - 1}, ']', &port);
		port = (struct str){port.s + 1, port.n - 1};
	} else {
		address = str_cut(text, ':', &port);
	}
	if (!addr_parse(address, &endpoint.addr)) {
		diag_add(p->diags, DIAG_address, at, "`%.*s` is no IP address", address.n > 60 ? 60 : (int)address.n, address.s);
		return bad(p, at);
	}
	if (!port_read(p, at, port, &endpoint.port))
		return bad(p, at);
	struct expr *e = expr_new(p, EX_ENDPOINT, at);
	e->u.endpoint = endpoint;
	return e;
}

struct expr *literal_owner(struct parser *p, struct span at)
{
	struct str text = parser_text(p, at), right, left = str_cut(text, ':', &right);
	int64_t uid = 0, gid = 0;
	size_t i = 0, k = 0;

	/* 4294967295 is (uid_t)-1, "no id" of chown(2) */
	if (!digits(left, &i, &uid) || !digits(right, &k, &gid) || uid >= UINT32_MAX || gid >= UINT32_MAX) {
		diag_add(p->diags, DIAG_number_range, at, "`%.*s` is no user and group id: both are numbers from 0 to 4294967294",
			 text.n > 60 ? 60 : (int)text.n, text.s);
		return bad(p, at);
	}
	struct expr *e = expr_new(p, EX_OWNER, at);
	e->u.owner = (struct owner){(uint32_t)uid, (uint32_t)gid};
	return e;
}

/* Whether the token before names a file that is used, here or in another language. */
static bool is_use(const struct parser *p)
{
	const char *habit = p->last == NAME ? habit_help(STR(""), parser_text(p, p->last_at)) : NULL;

	return p->last == USE || (habit && !strncmp(habit, "use ", 4));
}

struct expr *literal_path(struct parser *p, struct span at)
{
	struct str text = parser_text(p, at);
	const char *fault = path_wrong(text);

	if (!fault)
		fault = path_option(text);
	if (fault) {
		struct str shown = parser_shown(p, at);
		struct diag *d = diag_add(p->diags, DIAG_path, at, "`%.*s` is no path", STR_ARG(shown));

		if (text.s[0] != '/' && is_use(p))
			diag_help(p->diags, d, "the name of a file that is used stands in quotes: use \"%.*s\"", STR_ARG(shown));
		else
			diag_help(p->diags, d, "%s", fault);
		return bad(p, at);
	}
	struct expr *e = expr_new(p, EX_PATH, at);
	e->u.text = text;
	if (text.n > 1 && text.s[text.n - 1] == '/')
		e->u.text.n--;
	return e;
}

/* It began like a number and became nothing that we know. */
/* x of `${x}`, which begins there. */
static struct str computed_at(const struct parser *p, uint32_t pos)
{
	struct str line = parser_line(p, pos), inner = {line.s + 2, line.n - 2};
	const char *end = memchr(inner.s, '}', inner.n);

	return end ? (struct str){inner.s, (size_t)(end - inner.s)} : STR("…");
}

struct expr *literal_unknown(struct parser *p, struct span at)
{
	struct str text = parser_text(p, at), shown = parser_shown(p, at);
	struct diag *d;

	if (mac_meant(text, '-'))
		return mac_malformed(p, at, shown);
	if (text.s[0] == '.' && p->last == COLON_PORT) {	/* nginx:1.27 */
		struct str whole = parser_shown(p, (struct span){p->before_at.lo, at.hi});

		d = diag_add(p->diags, DIAG_foreign, (struct span){p->before_at.lo, at.hi}, "a text without quotes is not in this language");
		diag_help(p->diags, d, "write it in double quotes: \"%.*s\"", STR_ARG(whole));
		return bad(p, at);
	}
	if (text.s[0] == '.') {
		char before = at.lo > p->base ? p->text.s[at.lo - p->base - 1] : ' ';
		bool behind = isalnum((unsigned char)before) || before == '_';	/* web.443 */

		d = diag_add(p->diags, DIAG_number, at, "`%.*s` is no number", STR_ARG(shown));
		if (before == '.')
			diag_help(p->diags, d, "bounds have two dots between them: 1..%.*s", (int)shown.n - 1, shown.s + 1);
		else if (behind)
			diag_help(p->diags, d, "a port without a name is written :%.*s/tcp", (int)shown.n - 1, shown.s + 1);
		else
			diag_help(p->diags, d, "did you mean `0%.*s`? An address is written whole, or lan.range[%.*s]", STR_ARG(shown), (int)shown.n - 1, shown.s + 1);
	} else if (str_has(text, ':') || str_has(text, '/')) {
		struct str name, port = str_cut(shown, ':', &name); /* publish 8080:web.http */
		struct cidr network;

		d = diag_add(p->diags, DIAG_address, at, "`%.*s` is no address, network, port or owner", STR_ARG(shown));
		if (str_has(text, '%'))
			diag_help(p->diags, d, "an address has no zone here");
		else if (cidr_parse(port, &network))
			diag_help(p->diags, d, "`world` is whatever is not on this host; a network of it cannot be told apart: world:%.*s", STR_ARG(name));
		else if (str_only(text, "0123456789.:") || (str_has(text, ':') && str_has(text, '/') && p->last == NAME))
			diag_help(p->diags, d, "a port of the host leads to one of a container: publish 127.0.0.1:8080 -> web.http");
		else if (p->last == NAME && name.n && isalpha((unsigned char)name.s[0]))
			diag_help(p->diags, d, "an arrow leads from one to the other: %.*s -> %.*s", STR_ARG(port), STR_ARG(name));
	} else {
		d = diag_add(p->diags, DIAG_number, at, "`%.*s` is no number", STR_ARG(shown));
		if (text.s[text.n - 1] == '_' || memmem(text.s, text.n, "__", 2))
			diag_help(p->diags, d, "a `_` stands between two digits");
		else if (text.n > 2 && text.s[0] == '0' && (text.s[1] == 'o' || text.s[1] == 'O'))
			diag_help(p->diags, d, "an octal number begins with 0 alone: 0%.*s", (int)shown.n - 2, shown.s + 2);
		else if (text.n > 2 && text.s[0] == '0' && (text.s[1] == 'x' || text.s[1] == 'X'))
			diag_help(p->diags, d, "numbers are decimal, or octal with a leading 0");
		else if (text.n > 2 && str_has(text, 'e') && !str_has(text, '-'))
			diag_help(p->diags, d, "numbers have no exponent; text is written in quotes");
		else if (str_has(text, '.') && str_starts(parser_behind(p, at.hi), STR(".${")))
			diag_help(p->diags, d, "an address is computed, not put together: lan.range[%.*s]", STR_ARG(computed_at(p, at.hi + 1)));
		else if (str_has(text, '.'))
			diag_help(p->diags, d, "text, such as a version, is written in quotes");
		else if (str_has(text, '-'))
			diag_help(p->diags, d, "a subtraction has blanks on both sides of its `-`, a name begins with a letter");
		else
			diag_help(p->diags, d, "a name begins with a letter; text is written in quotes");
	}
	return bad(p, at);
}
