/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * IPv4 and IPv6 addresses and prefixes as values. Bytes are in network order; an IPv4 address uses the first four. family is 4, 6, or 0
 * for "none". Text forms are RFC 5952 for IPv6 and dotted quads without leading zeros for IPv4 (RFC 6943, 3.1.1: no octal). */
#ifndef CTC_BASE_ADDR_H
#define CTC_BASE_ADDR_H

#include "lang/base/str.h"

struct addr {
	uint8_t family;
	uint8_t b[16];
};

struct cidr {
	struct addr addr;	/* host bits may be set: see cidr_network */
	uint8_t len;
};

enum { ADDR_TEXT_MAX = 46, CIDR_TEXT_MAX = 50 };

bool addr_parse(struct str text, struct addr *ret);
bool cidr_parse(struct str text, struct cidr *ret);
/* Write text and NUL into out, which holds ADDR_TEXT_MAX or CIDR_TEXT_MAX bytes; return out. */
const char *addr_text(struct addr a, char *out);
const char *cidr_text(struct cidr c, char *out);

bool addr_eq(struct addr a, struct addr b);
/* By family, then by number. */
int addr_cmp(struct addr a, struct addr b);
bool addr_is_any(struct addr a);	/* 0.0.0.0 or :: */
bool addr_is_loopback(struct addr a);	/* 127.0.0.0/8 or ::1 */
/* a + n; false where it leaves the family's address space. */
bool addr_add(struct addr a, int64_t n, struct addr *ret);

static inline unsigned addr_bits(struct addr a)
{
	return a.family == 6 ? 128 : 32;
}

/* The first and the last address of the prefix. For IPv4 the last is the broadcast address. */
struct addr cidr_network(struct cidr c);
struct addr cidr_last(struct cidr c);
bool cidr_contains(struct cidr c, struct addr a);
bool cidr_overlaps(struct cidr a, struct cidr b);

#endif
