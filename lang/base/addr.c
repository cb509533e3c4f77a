/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Addresses and prefixes. */
#include "lang/base/addr.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>

/* Four numbers from 0 to 255 without leading zeros. */
static bool quad_parse(struct str text, uint8_t *ret)
{
	size_t i = 0;

	for (int part = 0; part < 4; part++) {
		unsigned value = 0;
		size_t from = i;

		for (; i < text.n && text.s[i] >= '0' && text.s[i] <= '9' && i < from + 3; i++)
			value = value * 10 + (unsigned)(text.s[i] - '0');
		if (i == from || value > 255 || (text.s[from] == '0' && i > from + 1))
			return false;
		ret[part] = (uint8_t)value;
		if (part < 3 && (i == text.n || text.s[i++] != '.'))
			return false;
	}
	return i == text.n;
}

bool addr_parse(struct str text, struct addr *ret)
{
	char z[ADDR_TEXT_MAX];
	struct addr a = {.family = 4};

	if (quad_parse(text, a.b)) {
		*ret = a;
		return true;
	}
	a = (struct addr){.family = 6};
	if (text.n == 0 || text.n >= sizeof z || str_has(text, '\0'))
		return false;
	memcpy(z, text.s, text.n);
	z[text.n] = '\0';
	if (inet_pton(AF_INET6, z, a.b) != 1)
		return false;
	*ret = a;
	return true;
}

bool cidr_parse(struct str text, struct cidr *ret)
{
	struct str digits, address = str_cut(text, '/', &digits);
	struct cidr c;
	unsigned len = 0;

	if (address.n == text.n || digits.n == 0 || digits.n > 3 || (digits.n > 1 && digits.s[0] == '0'))
		return false;
	for (size_t i = 0; i < digits.n; i++) {
		if (digits.s[i] < '0' || digits.s[i] > '9')
			return false;
		len = len * 10 + (unsigned)(digits.s[i] - '0');
	}
	if (!addr_parse(address, &c.addr) || len > addr_bits(c.addr))
		return false;
	c.len = (uint8_t)len;
	*ret = c;
	return true;
}

/* Dotted quads are written for every element of a policy: inet_ntop would spend a printf on each. */
static const char *quad_text(const uint8_t *b, char *out)
{
	char *to = out;

	for (int i = 0; i < 4; i++) {
		if (i)
			*to++ = '.';
		if (b[i] >= 100)
			*to++ = (char)('0' + b[i] / 100);
		if (b[i] >= 10)
			*to++ = (char)('0' + b[i] / 10 % 10);
		*to++ = (char)('0' + b[i] % 10);
	}
	*to = '\0';
	return out;
}

const char *addr_text(struct addr a, char *out)
{
	if (a.family == 4)
		return quad_text(a.b, out);
	if (a.family == 0 || !inet_ntop(a.family == 6 ? AF_INET6 : AF_INET, a.b, out, ADDR_TEXT_MAX))
		strcpy(out, "none");
	return out;
}

const char *cidr_text(struct cidr c, char *out)
{
	addr_text(c.addr, out);
	size_t n = strlen(out);
	snprintf(out + n, CIDR_TEXT_MAX - n, "/%u", c.len);
	return out;
}

bool addr_eq(struct addr a, struct addr b)
{
	return addr_cmp(a, b) == 0;
}

int addr_cmp(struct addr a, struct addr b)
{
	if (a.family != b.family)
		return a.family < b.family ? -1 : 1;
	return memcmp(a.b, b.b, addr_bits(a) / 8);
}

bool addr_is_any(struct addr a)
{
	return addr_eq(a, (struct addr){.family = a.family});
}

bool addr_is_loopback(struct addr a)
{
	return a.family == 4 ? a.b[0] == 127 : addr_eq(a, (struct addr){.family = 6, .b = {[15] = 1}});
}

bool addr_add(struct addr a, int64_t n, struct addr *ret)
{
	/* Schoolbook addition from the last byte; the carry is signed, so that it serves subtraction too. */
	int64_t carry = n;

	for (int i = (int)addr_bits(a) / 8 - 1; i >= 0; i--) {
		int64_t sum = a.b[i] + (carry & 0xff);

		a.b[i] = (uint8_t)sum;
		carry = (carry >> 8) + (sum >> 8);
	}
	if (carry != 0)
		return false;
	*ret = a;
	return true;
}

static struct addr cidr_edge(struct cidr c, bool last)
{
	assert(c.len <= addr_bits(c.addr));
	for (unsigned byte = c.len / 8, kept = c.len % 8; byte < addr_bits(c.addr) / 8; byte++, kept = 0) {
		uint8_t host = (uint8_t)(0xff >> kept);

		if (last)
			c.addr.b[byte] |= host;
		else
			c.addr.b[byte] &= (uint8_t)~host;
	}
	return c.addr;
}

struct addr cidr_network(struct cidr c)
{
	return cidr_edge(c, false);
}

struct addr cidr_last(struct cidr c)
{
	return cidr_edge(c, true);
}

static bool same_prefix(const struct addr *a, const struct addr *b, unsigned len)
{
	unsigned whole = len / 8, rest = len % 8;

	if (a->family != b->family || memcmp(a->b, b->b, whole) != 0)
		return false;
	return rest == 0 || (a->b[whole] ^ b->b[whole]) >> (8 - rest) == 0;
}

bool cidr_contains(struct cidr c, struct addr a)
{
	return same_prefix(&c.addr, &a, c.len);
}

bool cidr_overlaps(struct cidr a, struct cidr b)
{
	return same_prefix(&a.addr, &b.addr, a.len < b.len ? a.len : b.len);
}
