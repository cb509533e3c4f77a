/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The canonical text of values: one text for one value, and the language reads it back as that value. */
#include "lang/value.h"

#include <stdio.h>
#include <stdlib.h>

#include "lang/base/utf8.h"

const char *proto_name(uint8_t proto)
{
	switch (proto) {
	case PROTO_UDP:
		return "udp";
	case PROTO_SCTP:
		return "sctp";
	default:
		return "tcp";	/* PROTO_NONE means tcp */
	}
}

static void range_text(struct port p, struct buf *out)
{
	buf_uint(out, p.lo);
	if (p.hi != p.lo)
		buf_fmt(out, "-%u", p.hi);
}

bool strs_have(const struct strs *all, struct str one)
{
	for (size_t i = 0; i < all->n; i++)
		if (str_eq(all->at[i], one))
			return true;
	return false;
}

bool strs_eq(const struct strs *a, const struct strs *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!str_eq(a->at[i], b->at[i]))
			return false;
	return true;
}

struct str port_write(struct port p, char *out)
{
	const char *proto = proto_name(p.proto);
	char *to = out + PORT_TEXT_MAX;
	size_t n = strlen(proto);

	/* from its end */
	memcpy(to -= n, proto, n);
	*--to = '/';
	to = uint_before(to, p.hi);
	if (p.hi != p.lo) {
		*--to = '-';
		to = uint_before(to, p.lo);
	}
	return (struct str){to, (size_t)(out + PORT_TEXT_MAX - to)};
}

void port_text(struct port p, struct buf *out)
{
	char text[PORT_TEXT_MAX];

	buf_str(out, port_write(p, text));
}

static bool number_parse(struct str text, uint16_t *ret)
{
	unsigned v = 0;

	if (text.n == 0 || text.n > 5)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.s[i] < '0' || text.s[i] > '9')
			return false;
		v = v * 10 + (unsigned)(text.s[i] - '0');
	}
	*ret = (uint16_t)v;
	return v <= UINT16_MAX;
}

bool port_parse(struct str text, struct port *ret)
{
	static const uint8_t protocols[] = {PROTO_TCP, PROTO_UDP, PROTO_SCTP};
	struct str proto, hi, lo = str_cut(str_cut(text, '/', &proto), '-', &hi);
	struct port p = {0};

	for (size_t i = 0; i < sizeof protocols; i++)
		if (str_is(proto, proto_name(protocols[i])))
			p.proto = protocols[i];
	if (!p.proto || !number_parse(lo, &p.lo) || !number_parse(hi.n ? hi : lo, &p.hi) || p.lo > p.hi)
		return false;
	*ret = p;
	return true;
}

void endpoint_text(struct endpoint e, struct buf *out)
{
	char text[ADDR_TEXT_MAX];

	if (e.addr.family == 4)
		buf_fmt(out, "%s:", addr_text(e.addr, text));
	else if (e.addr.family == 6)
		buf_fmt(out, "[%s]:", addr_text(e.addr, text));
	range_text(e.port, out);
	if (e.port.proto != PROTO_NONE && e.port.proto != PROTO_TCP)
		buf_fmt(out, "/%s", proto_name(e.port.proto));
}

void remote_text(const struct remote *r, struct buf *out)
{
	if (r->name.n)
		buf_fmt(out, "\"%.*s:%u\"", STR_ARG(r->name), (unsigned)r->at.port.lo);
	else
		endpoint_text(r->at, out);
}

void addrs_text(const struct addr *at, size_t n, struct buf *out)
{
	char text[ADDR_TEXT_MAX];

	buf_addc(out, '[');
	for (size_t i = 0; i < n; i++) {
		buf_puts(out, i ? ", " : "");
		buf_puts(out, addr_text(at[i], text));
	}
	buf_addc(out, ']');
}

void dns_text(const struct dns *d, struct buf *out)
{
	if (d->from == DNS_LIST)
		addrs_text(d->at, d->n, out);
	else
		buf_puts(out, d->from == DNS_HOST ? "host" : "none");
}

void number_text(double x, struct buf *out)
{
	char text[64];

	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, x);
		if (strtod(text, NULL) == x)
			break;
	}
	if (strchr(text, 'e') && x < 1e18 && x > -1e18)
		snprintf(text, sizeof text, x == (double)(int64_t)x ? "%.0f" : "%.17f", x);
	buf_puts(out, text);
}

void size_text(int64_t bytes, struct buf *out)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	size_t unit = 0;

	while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < sizeof units / sizeof units[0]) {
		bytes /= 1024;
		unit++;
	}
	buf_uint(out, (uint64_t)bytes);
	buf_puts(out, units[unit]);
}

void limit_text(int64_t limit, bool size, struct buf *out)
{
	if (limit == INT64_MAX)
		buf_puts(out, "unlimited");
	else if (size)
		size_text(limit, out);
	else
		buf_uint(out, (uint64_t)limit);
}

void duration_text(int64_t us, struct buf *out)
{
	static const struct {
		int64_t us;
		const char *unit;
	} units[] = {{3600000000, "h"}, {60000000, "m"}, {1000000, "s"}, {1000, "ms"}, {1, "us"}};

	if (us == 0)
		buf_puts(out, "0s");
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (us / units[i].us) {
			buf_uint(out, (uint64_t)(us / units[i].us));
			buf_puts(out, units[i].unit);
		}
		us %= units[i].us;
	}
}

/* /data:ro: the options that other tools write behind a mount, which would be taken for a part of its name. */
const char *path_option(struct str text)
{
	static const char *const written[] = {":ro", ":rw", ":z", ":Z"};

	for (size_t i = 0; i < sizeof written / sizeof written[0]; i++)
		if (str_ends(text, str_of(written[i])))
			return i == 0 ? "no option stands behind a path: { readonly = true } behind a mount, readonly = true in a volume" : "no option stands behind a path: leave it out";
	return NULL;
}

/* What joins the parts of one picture, or says that the character before is one: names that people give with a telephone have them, and behind a character outside of ASCII they change what is seen. */
static bool is_joiner(struct str text, size_t i, uint32_t code)
{
	return (code == 0x200d || code == 0xfe0f) && i > 0 && (text.s[i - 1] & 0x80);
}

/* What no path may have, whatever a file system takes: it would read as another one, or break the line that it stands in. */
static const char *bytes_wrong(struct str text)
{
	for (size_t i = 0, len; i < text.n; i += len) {
		uint32_t code;

		i += utf8_printable(text.s + i, text.n - i);
		if (i == text.n)
			break;
		len = utf8_decode(text.s + i, text.n - i, &code);
		if (!len)
			return "a path is UTF-8";
		if (code < 0x20 || code == 0x7f)
			return "a path has no control characters";
		if (utf8_invisible(code) && !is_joiner(text, i, code))
			return "a path has no characters that cannot be seen or look like other ones";
	}
	return NULL;
}

/* One form for one place: absolute, no empty parts, no `.` and `..`. PATH_MAX and NAME_MAX are of linux/limits.h. */
const char *path_wrong(struct str text)
{
	if (text.n == 0 || text.s[0] != '/')
		return "paths are absolute: they begin with `/`";
	if (text.n > 4095)
		return "a path has at most 4095 bytes";
	for (size_t i = 1, n; i < text.n; i += n + 1) {
		struct str part = str_cut((struct str){text.s + i, text.n - i}, '/', NULL);

		n = part.n;
		if (n == 0)
			return "write one `/` between parts";
		if (str_is(part, ".") || str_is(part, ".."))
			return "a path has no parts `.` and `..`: write where it leads";
		if (n > 255)
			return "a part of a path has at most 255 bytes";
	}
	return bytes_wrong(text);
}

/* Whether the lexer takes it as it is: a `-` goes on with what can be in a path, and so does a `:`, but not with a `/`. */
static bool path_is_bare(struct str text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+@%~=";
	char joint = '\0';

	for (size_t i = 0; i < text.n; i++) {
		char c = text.s[i];

		if (c && strchr(plain, c))
			joint = '\0';
		else if (c == '/' && joint != ':')
			joint = '\0';
		else if ((c == '-' || c == ':') && (!joint || joint == c))
			joint = c;
		else
			return false;
	}
	return !joint && !path_option(text);
}

void string_text(struct str s, struct buf *out)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < s.n;) {
		uint32_t code = 0;
		size_t n = utf8_decode(s.s + i, s.n - i, &code);

		if (n == 0)
			n = 1;
		if (code == '\n')
			buf_puts(out, "\\n");
		else if (code == '\t')
			buf_puts(out, "\\t");
		else if (code == '"' || code == '\\' || code == '$')
			buf_fmt(out, "\\%c", (char)code);
		else if (code < 0x20 || code == 0x7f || utf8_invisible(code))
			buf_fmt(out, "\\u{%x}", code);
		else
			buf_add(out, s.s + i, n);
		i += n;
	}
	buf_addc(out, '"');
}

void path_text(struct str path, struct buf *out)
{
	if (path_is_bare(path)) {
		buf_str(out, path);
		return;
	}
	buf_puts(out, path_option(path) ? "path(" : "");
	string_text(path, out);
	buf_puts(out, path_option(path) ? ")" : "");
}
