/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The values that literals stand for, and the enumerations. Plain data; strings are slices of an arena or a source. */
#ifndef CTC_LANG_VALUE_H
#define CTC_LANG_VALUE_H

#include "lang/base/addr.h"
#include "lang/base/str.h"
#include "lang/base/vec.h"

/* IANA protocol numbers, as in the IP header; PROTO_NONE where a literal names no protocol (then it is tcp). */
enum proto { PROTO_NONE = 0, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_SCTP = 132 };

struct port {
	uint16_t lo, hi;	/* lo == hi: one port */
	uint8_t proto;		/* enum proto */
};

static inline bool port_eq(struct port a, struct port b)
{
	return a.lo == b.lo && a.hi == b.hi && a.proto == b.proto;
}

struct endpoint {
	struct addr addr;	/* family 0: every address of the host */
	struct port port;
};

/* An endpoint somewhere in the world, by its address, or by a name whose address ctstack.lock has. */
struct remote {
	struct str name;	/* or empty */
	struct endpoint at;	/* family 0: nobody knows where the name leads */
};

struct owner {
	uint32_t uid, gid;
};

struct mac {
	uint8_t b[6];
};

struct strs {
	struct str *at;
	size_t n;
};

/* Whether one of them is this one. */
bool strs_have(const struct strs *all, struct str one);
bool strs_eq(const struct strs *a, const struct strs *b);

struct cidrs {
	struct cidr *at;
	size_t n;
};

/* Of a container, beside its first of each family. */
enum { MORE_ADDRESSES_MAX = 15 };

struct addrs {
	struct addr *at;
	size_t n;
};

/* Which name servers somebody asks: the host's own, none, or these. */
enum dns_from { DNS_HOST, DNS_NONE, DNS_LIST };
struct dns {
	enum dns_from from;
	struct addr *at;
	size_t n;
};

/* Every word of every enumeration: WORD_RESTART_on_failure. */
enum word {
#define WORD(type, member, word) WORD_##type##_##member,
#include "lang/enum.def"
#undef WORD
	WORD_COUNT
};

struct word_list {
	enum word *at;
	size_t n;
};

const char *proto_name(uint8_t proto);	/* "tcp" (for PROTO_NONE too), "udp", "sctp" */

/* What is wrong with a text as a path, as a sentence; NULL: it is one. The second: whether it ends like an option that other tools write behind a path, as a sentence. */
const char *path_wrong(struct str text);
const char *path_option(struct str text);

/* Canonical text of a value: what interpolation, `show` and the formatter print. */
enum { PORT_TEXT_MAX = sizeof "65535-65535/sctp" };
void string_text(struct str s, struct buf *out);		/* "…" with escapes, as it reads back */
void path_text(struct str path, struct buf *out);	/* as the source has it: bare where the lexer takes it so, else in quotes */
struct str port_write(struct port p, char *out);	/* 80/tcp, 8000-8010/udp; out holds PORT_TEXT_MAX bytes, and what is returned is in it */
void port_text(struct port p, struct buf *out);		/* the same */
bool port_parse(struct str text, struct port *ret);	/* what port_text writes, and nothing else */
void endpoint_text(struct endpoint e, struct buf *out);	/* 127.0.0.1:80, [::1]:80, 80 for every address */
void remote_text(const struct remote *r, struct buf *out);	/* as it is written: the name, where there is one, in quotes */
void addrs_text(const struct addr *at, size_t n, struct buf *out);	/* [10.0.0.3, fd00::3] */
void dns_text(const struct dns *d, struct buf *out);	/* host, none, [9.9.9.9, 2620:fe::fe] */
void limit_text(int64_t limit, bool size, struct buf *out);	/* 65536, 1GiB or unlimited */
void number_text(double x, struct buf *out);	/* the shortest decimal that reads back as the same number, without exponent where that is not absurd */
void size_text(int64_t bytes, struct buf *out);		/* the largest binary unit that divides it: 16GiB */
void duration_text(int64_t us, struct buf *out);	/* 1h30m, 500ms, 24h: no days, which the programs that read such texts seldom know */

#endif
