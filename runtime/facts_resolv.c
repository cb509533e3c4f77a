/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The host's name servers, for containers. The stub of systemd-resolved (127.0.0.53) and any other server on a loopback address answer nobody in another network
 * namespace; resolved writes those behind it to a file of their own (systemd-resolved.service(8)). */
#include <errno.h>

#include "lang/base/cleanup.h"
#include "runtime/facts.h"

enum { RESOLV_FILE_MAX = 64 << 10, SERVERS_MAX = 3 /* MAXNS of resolv.h */ };

#define OWN "etc/resolv.conf"
#define BEHIND_STUB "run/systemd/resolve/resolv.conf"

/* The next word of a line. */
static struct str word(struct str *line)
{
	size_t i = 0, from;

	while (i < line->n && (line->s[i] == ' ' || line->s[i] == '\t'))
		i++;
	for (from = i; i < line->n && line->s[i] != ' ' && line->s[i] != '\t';)
		i++;
	struct str w = {line->s + from, i - from};
	*line = (struct str){line->s + i, line->n - i};
	return w;
}

static bool can_be_asked(struct addr a)
{
	bool link_local = a.family == 6 ? a.b[0] == 0xfe && (a.b[1] & 0xc0) == 0x80 : a.b[0] == 169 && a.b[1] == 254;

	return !addr_is_loopback(a) && !addr_is_any(a) && !link_local;
}

/* A domain as a resolver takes it: what else stands there is no part of a name. */
static bool is_domain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.s[i] <= ' ' || s.s[i] >= 0x7f)
			return false;
	return s.n > 0;
}

static void search_line(struct str line, struct buf *out)
{
	size_t before = out->n;

	buf_puts(out, "search");
	for (struct str w = word(&line); w.n; w = word(&line))
		if (is_domain(w))
			buf_fmt(out, " %.*s", STR_ARG(w));
	if (out->n == before + strlen("search"))
		out->n = before;
	else
		buf_addc(out, '\n');
}

/* Writes what of a file is of use, and returns how many servers there were. The last `search` counts (resolv.conf(5)). */
static size_t resolv_take(struct str text, struct buf *out)
{
	struct str search = {0};
	size_t servers = 0;

	while (text.n) {
		struct str line = str_cut(text, '\n', &text), key = word(&line), value;
		char shown[ADDR_TEXT_MAX];
		struct addr a;

		if (str_is(key, "search") || str_is(key, "domain"))
			search = line;
		if (!str_is(key, "nameserver") || servers == SERVERS_MAX)
			continue;
		value = word(&line);
		if (!addr_parse(value, &a) || !can_be_asked(a))
			continue;
		buf_fmt(out, "nameserver %s\n", addr_text(a, shown));
		servers++;
	}
	if (search.n && servers)
		search_line(search, out);
	return servers;
}

int fact_resolv(struct host *h, struct arena *a, struct str *ret, struct err *e)
{
	static const char *const files[] = {OWN, BEHIND_STUB};
	_buf_ struct buf out = {0};
	size_t servers = 0;

	for (size_t i = 0; i < sizeof files / sizeof files[0] && servers == 0; i++) {
		struct str text;
		int r = fact_read(h, str_of(files[i]), RESOLV_FILE_MAX, a, &text, e);

		if (r == -ENOENT)
			continue;
		if (r < 0)
			return r;
		servers = resolv_take(text, &out);
	}
	if (servers == 0)
		buf_puts(&out, "# the host has no name server that a container can ask\n");
	*ret = buf_take(&out, a);
	return 0;
}
