/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The canonical text of values: one text for one value, and the language reads it back as that value. */
#include "lang/value.h"

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

void port_text(struct port p, struct buf *out)
{
	range_text(p, out);
	buf_addc(out, '/');
	buf_puts(out, proto_name(p.proto));
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
