/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Text to bytes and back, field by field, as policy_sets[] says. Only the canonical text of a value is accepted, so
 * that text and bytes are one to one and a plan may compare texts. Padding is zero; nf_tables compares it too. */
#include "runtime/nft_elem.h"

#include <assert.h>
#include <net/if.h>

#include "lang/base/addr.h"
#include "lang/value.h"

static const struct {
	const char *name;
	uint8_t number;
} protocols[] = {
	{"tcp", PROTO_TCP},
	{"udp", PROTO_UDP},
	{"sctp", PROTO_SCTP},
};
enum { PROTOCOLS = sizeof protocols / sizeof protocols[0] };

uint32_t nft_field_size(enum policy_field f, int family)
{
	switch (f) {
	case FIELD_IFNAME:
		return IFNAMSIZ;
	case FIELD_ADDR:
		return family == 6 ? 16 : 4;
	case FIELD_PROTO:
		return 1;
	case FIELD_PORT:
		return 2;
	case FIELD_END:
		break;
	}
	return 0;
}

uint32_t nft_field_len(enum policy_field f, int family)
{
	return (nft_field_size(f, family) + 3) / 4 * 4;
}

static uint32_t fields_len(const enum policy_field *f, int family)
{
	uint32_t n = 0;

	for (; *f != FIELD_END; f++)
		n += nft_field_len(*f, family);
	assert(n <= NFT_BYTES_MAX);
	return n;
}

uint32_t nft_key_len(enum policy_set set)
{
	return fields_len(policy_sets[set].key, policy_sets[set].family);
}

uint32_t nft_data_len(enum policy_set set)
{
	return fields_len(policy_sets[set].data, policy_sets[set].family);
}

static bool parse_ifname(struct str text, uint8_t *to)
{
	if (text.n == 0 || text.n >= IFNAMSIZ)
		return false;
	/* dev_valid_name() of the kernel, and no control characters, which would not survive a listing. */
	for (size_t i = 0; i < text.n; i++)
		if (text.s[i] <= ' ' || text.s[i] == 0x7f || strchr("/:\"", text.s[i]))
			return false;
	memcpy(to, text.s, text.n);
	return true;
}

static bool parse_addr(struct str text, int family, uint8_t *to)
{
	char canonical[ADDR_TEXT_MAX];
	struct addr a;

	if (!addr_parse(text, &a) || a.family != family || !str_is(text, addr_text(a, canonical)))
		return false;
	memcpy(to, a.b, addr_bits(a) / 8);
	return true;
}

static bool parse_proto(struct str text, uint8_t *to)
{
	for (size_t i = 0; i < PROTOCOLS; i++)
		if (str_is(text, protocols[i].name)) {
			*to = protocols[i].number;
			return true;
		}
	return false;
}

static bool parse_port(struct str text, uint8_t *to)
{
	unsigned port = 0;

	if (text.n == 0 || text.n > 5 || (text.n > 1 && text.s[0] == '0'))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.s[i] < '0' || text.s[i] > '9')
			return false;
		port = port * 10 + (unsigned)(text.s[i] - '0');
	}
	to[0] = (uint8_t)(port >> 8);
	to[1] = (uint8_t)port;
	return port <= UINT16_MAX;
}

static bool parse_field(enum policy_field f, int family, struct str text, uint8_t *to)
{
	switch (f) {
	case FIELD_IFNAME:
		return parse_ifname(text, to);
	case FIELD_ADDR:
		return parse_addr(text, family, to);
	case FIELD_PROTO:
		return parse_proto(text, to);
	case FIELD_PORT:
		return parse_port(text, to);
	case FIELD_END:
		break;
	}
	return false;
}

/* The part before " . ", and what follows it. */
static struct str cut_field(struct str text, struct str *rest)
{
	const char *dot = text.n ? memmem(text.s, text.n, " . ", 3) : NULL;
	struct str first = {text.s, dot ? (size_t)(dot - text.s) : text.n};

	*rest = dot ? (struct str){dot + 3, text.n - first.n - 3} : (struct str){0};
	return first;
}

/* end is NULL where the last field is no interval. */
static bool parse_fields(const enum policy_field *f, int family, struct str text, uint8_t *to, uint8_t *end)
{
	bool more = text.n > 0;

	for (; *f != FIELD_END; f++) {
		bool last = f[1] == FIELD_END;
		struct str rest, hi = {0}, word = cut_field(text, &rest);
		size_t n = nft_field_len(*f, family);

		if (!more)
			return false;
		more = rest.s != NULL;
		if (end && last)
			word = str_cut(word, '-', &hi);
		if (!parse_field(*f, family, word, to) || (end && !parse_field(*f, family, last ? hi : word, end)))
			return false;
		if (end && last && memcmp(to, end, n) > 0)
			return false;
		to += n;
		end = end ? end + n : NULL;
		text = rest;
	}
	return !more;
}

bool nft_elem_parse(enum policy_set set, struct str key, struct str data, struct nft_elem *ret)
{
	const struct policy_set_info *info = &policy_sets[set];
	struct nft_elem elem = {0};

	if (!parse_fields(info->key, info->family, key, elem.key, info->form == SET_RANGE ? elem.end : NULL) ||
	    !parse_fields(info->data, info->family, data, elem.data, NULL))
		return false;
	*ret = elem;
	return true;
}

static void field_text(enum policy_field f, int family, const uint8_t *from, struct buf *out)
{
	struct addr a = {.family = (uint8_t)family};
	char text[ADDR_TEXT_MAX];

	switch (f) {
	case FIELD_IFNAME:
		buf_add(out, from, strnlen((const char *)from, IFNAMSIZ));
		return;
	case FIELD_ADDR:
		memcpy(a.b, from, addr_bits(a) / 8);
		buf_puts(out, addr_text(a, text));
		return;
	case FIELD_PROTO:
		for (size_t i = 0; i < PROTOCOLS; i++)
			if (protocols[i].number == from[0])
				buf_puts(out, protocols[i].name);
		return;
	case FIELD_PORT:
		buf_fmt(out, "%u", (unsigned)from[0] << 8 | from[1]);
		return;
	case FIELD_END:
		return;
	}
}

static void fields_text(const enum policy_field *f, int family, const uint8_t *from, const uint8_t *end,
			struct buf *out)
{
	for (bool first = true; *f != FIELD_END; f++, first = false) {
		if (!first)
			buf_puts(out, " . ");
		field_text(*f, family, from, out);
		if (end && f[1] == FIELD_END) {
			buf_addc(out, '-');
			field_text(*f, family, end, out);
		}
		from += nft_field_len(*f, family);
		end = end ? end + nft_field_len(*f, family) : NULL;
	}
}

bool nft_elem_text(enum policy_set set, const struct nft_elem *elem, struct buf *key, struct buf *data)
{
	const struct policy_set_info *info = &policy_sets[set];
	struct str key_text, data_text;
	size_t key_at = key->n, data_at = data->n;
	struct nft_elem back;

	fields_text(info->key, info->family, elem->key, info->form == SET_RANGE ? elem->end : NULL, key);
	fields_text(info->data, info->family, elem->data, NULL, data);
	key_text = (struct str){key->s + key_at, key->n - key_at};
	data_text = (struct str){data->n > data_at ? data->s + data_at : NULL, data->n - data_at};
	/* The way back finds all that a foreign hand could have put in: unknown protocols, filled padding, an interval
	 * in the middle. */
	return nft_elem_parse(set, key_text, data_text, &back) && nft_elem_eq(set, elem, &back);
}

bool nft_elem_eq(enum policy_set set, const struct nft_elem *a, const struct nft_elem *b)
{
	size_t key = nft_key_len(set), data = nft_data_len(set);

	return memcmp(a->key, b->key, key) == 0 &&
	       (policy_sets[set].form != SET_RANGE || memcmp(a->end, b->end, key) == 0) &&
	       memcmp(a->data, b->data, data) == 0;
}
