/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Who listens on this host: /proc/net/tcp and its kin (proc(5)), and the program behind a socket by its inode. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>

#include "lang/base/cleanup.h"
#include "runtime/facts.h"

enum { TABLE_MAX = 256 << 20, STATE_LISTEN = 0x0a, STATE_UNCONNECTED = 0x07, HEX_WORD = 8 };

/* Addresses are printed as 32-bit words in the order of the machine. */
static bool address_read(struct str hex, struct addr *ret)
{
	size_t words = hex.n / HEX_WORD;

	*ret = (struct addr){.family = words == 4 ? 6 : 4};
	if (hex.n % HEX_WORD || (words != 1 && words != 4))
		return false;
	for (size_t i = 0; i < words; i++) {
		char text[HEX_WORD + 1] = {0};
		uint32_t word;

		memcpy(text, hex.s + i * HEX_WORD, HEX_WORD);
		word = (uint32_t)strtoul(text, NULL, 16);
		memcpy(ret->b + i * 4, &word, 4);
	}
	return true;
}

/* ::ffff:192.0.2.1 is a socket of IPv4. */
static struct addr address_settle(struct addr a)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct addr v4 = {.family = 4};

	if (a.family == 6 && memcmp(a.b, mapped, sizeof mapped) == 0) {
		memcpy(v4.b, a.b + 12, 4);
		a = v4;
	}
	/* Whether a socket on :: takes IPv4 too is not to be seen there; it does unless it was told not to. */
	if (a.family == 6 && addr_is_any(a))
		return (struct addr){0};
	return a;
}

/* The next field that is not empty. */
static struct str field(struct str *line)
{
	struct str f;

	do
		f = str_cut(*line, ' ', line);
	while (!f.n && line->n);
	return f;
}

/* "  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 …" */
static bool line_read(struct str line, enum proto proto, struct listener *ret)
{
	struct str port, number;
	uint8_t state;

	if (field(&line).n == 0)
		return false;
	number = field(&line);
	number = str_cut(number, ':', &port);
	if (port.n != 4 || !address_read(number, &ret->addr))
		return false;
	ret->addr = address_settle(ret->addr);
	ret->port = (uint16_t)strtoul(port.s, NULL, 16);
	ret->proto = (uint8_t)proto;
	field(&line);
	number = field(&line);
	if (number.n != 2)
		return false;
	state = (uint8_t)strtoul(number.s, NULL, 16);
	for (int i = 0; i < 5; i++)
		field(&line);
	number = field(&line);
	ret->inode = number.n ? strtoull(number.s, NULL, 10) : 0;
	return state == (proto == PROTO_TCP ? STATE_LISTEN : STATE_UNCONNECTED);
}

void listeners_parse(struct arena *a, struct str text, enum proto proto, struct listeners *ret)
{
	while (text.n) {
		struct str line = str_cut(text, '\n', &text);
		struct listener l;

		if (line_read(line, proto, &l))
			vec_push(a, &ret->all, l);
	}
}

int fact_listeners(struct host *h, struct arena *a, struct listeners *ret, struct err *e)
{
	static const struct {
		const char *name;
		enum proto proto;
	} tables[] = {{"tcp", PROTO_TCP}, {"tcp6", PROTO_TCP}, {"udp", PROTO_UDP}, {"udp6", PROTO_UDP}};

	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		struct str text;
		int r = fact_read(h, str_fmt(a, "proc/%d/net/%s", (int)getpid(), tables[i].name), TABLE_MAX, a, &text, e);

		if (r == -ENOENT)	/* a kernel without IPv6 */
			continue;
		if (r < 0)
			return r;
		listeners_parse(a, text, tables[i].proto, ret);
	}
	return 0;
}

static bool process_has(struct host *h, struct arena *a, struct str pid, const char *socket)
{
	struct strs fds;
	struct err ignored;

	if (fact_list(h, str_fmt(a, "proc/%.*s/fd", STR_ARG(pid)), a, &fds, &ignored) < 0)
		return false;
	for (size_t i = 0; i < fds.n; i++) {
		struct str path = str_fmt(a, "proc/%.*s/fd/%.*s", STR_ARG(pid), STR_ARG(fds.at[i]));
		char target[64];
		ssize_t n = readlinkat(h->root_fd, path.s, target, sizeof target - 1);

		if (n > 0 && str_is((struct str){target, (size_t)n}, socket))
			return true;
	}
	return false;
}

struct str listener_program(struct host *h, struct arena *a, const struct listener *l)
{
	char socket[64];
	struct strs pids;
	struct err ignored;

	snprintf(socket, sizeof socket, "socket:[%" PRIu64 "]", l->inode);
	if (l->inode == 0 || fact_list(h, STR("proc"), a, &pids, &ignored) < 0)
		return STR("a program");
	for (size_t i = 0; i < pids.n; i++) {
		struct str comm;

		if (pids.at[i].s[0] < '1' || pids.at[i].s[0] > '9' || !process_has(h, a, pids.at[i], socket))
			continue;
		if (fact_read(h, str_fmt(a, "proc/%.*s/comm", STR_ARG(pids.at[i])), 256, a, &comm, &ignored) < 0)
			continue;
		comm = str_cut(comm, '\n', NULL);
		return str_fmt(a, "%.*s (pid %.*s)", STR_ARG(comm), STR_ARG(pids.at[i]));
	}
	return STR("a program");
}
