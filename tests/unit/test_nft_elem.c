/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * runtime/nft_elem: an element's text and its bytes are one to one, and what is no element is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "lang/base/cleanup.h"
#include "runtime/nft_elem.h"

/* Bytes as nft --debug=netlink shows them, but byte by byte. */
static const struct {
	enum policy_set set;
	const char *key, *data, *key_bytes, *end_bytes, *data_bytes;
} good[] = {
	{SET_links, "ctab12cd34", "", "63746162313263643334000000000000", NULL, ""},
	{SET_source4, "ct0 . 10.0.0.1", "", "63743000000000000000000000000000"
					    "0a000001",
	 NULL, ""},
	{SET_source6, "ct0 . fd00::1", "", "63743000000000000000000000000000"
					   "fd000000000000000000000000000001",
	 NULL, ""},
	{SET_address4, "255.255.255.255", "", "ffffffff", NULL, ""},
	{SET_flow4, "192.168.200.11 . 192.168.200.12 . tcp . 11434", "", "c0a8c80b"
									 "c0a8c80c"
									 "06000000"
									 "2caa0000",
	 NULL, ""},
	{SET_flow_range4, "10.0.0.2 . 10.0.0.1 . udp . 1-65535", "", "0a0000020a0000011100000000010000",
	 "0a0000020a00000111000000ffff0000", ""},
	{SET_world_range6, "::1 . sctp . 0-0", "", "000000000000000000000000000000018400000000000000",
	 "000000000000000000000000000000018400000000000000", ""},
	{SET_dnat_any4, "tcp . 80", "10.0.0.1 . 8080", "0600000000500000", NULL, "0a0000011f900000"},
	{SET_dnat6, "fd00::1 . udp . 53", "fd00::2 . 53", "fd00000000000000000000000000000111000000"
							  "00350000",
	 NULL, "fd00000000000000000000000000000200350000"},
	{SET_published4, "0.0.0.0 . 10.0.0.1 . tcp . 1", "", "000000000a0000010600000000010000", NULL, ""},
};

static const struct {
	enum policy_set set;
	const char *key, *data;
} bad[] = {
	{SET_links, "", ""},
	{SET_links, "abcdefghijklmnop", ""},			/* 16 bytes: no room for the end */
	{SET_links, "a b", ""},
	{SET_links, "a/b", ""},
	{SET_links, "a\"b", ""},
	{SET_links, "ct0 . 10.0.0.1", ""},			/* a field too many */
	{SET_links, "ct0", "ct0"},				/* data of a set */
	{SET_source4, "ct0", ""},				/* a field too few */
	{SET_source4, "ct0 . fd00::1", ""},			/* the other family */
	{SET_source4, "ct0 . 010.0.0.1", ""},
	{SET_source4, "ct0 . ", ""},
	{SET_source4, "ct0 . 10.0.0.1 . ", ""},
	{SET_source6, "ct0 . FD00::1", ""},			/* not canonical */
	{SET_source6, "ct0 . fd00:0::1", ""},
	{SET_flow4, "10.0.0.2 . 10.0.0.1 . tcp . 080", ""},
	{SET_flow4, "10.0.0.2 . 10.0.0.1 . tcp . 65536", ""},
	{SET_flow4, "10.0.0.2 . 10.0.0.1 . tcp . 99999999999", ""},
	{SET_flow4, "10.0.0.2 . 10.0.0.1 . tcp . -1", ""},
	{SET_flow4, "10.0.0.2 . 10.0.0.1 . 6 . 80", ""},
	{SET_flow4, "10.0.0.2 . 10.0.0.1 . tcp . 80-90", ""},	/* no RANGE set */
	{SET_flow4, "10.0.0.2.10.0.0.1.tcp.80", ""},
	{SET_flow_range4, "10.0.0.2 . 10.0.0.1 . tcp . 80", ""},
	{SET_flow_range4, "10.0.0.2 . 10.0.0.1 . tcp . 90-80", ""},
	{SET_flow_range4, "10.0.0.2 . 10.0.0.1 . tcp . 80-", ""},
	{SET_flow_range4, "10.0.0.2 . 10.0.0.1 . tcp . 80-90-100", ""},
	{SET_dnat_any4, "tcp . 80", ""},
	{SET_dnat_any4, "tcp . 80", "10.0.0.1"},
};

static void hex(const uint8_t *bytes, size_t n, char *out)
{
	out[0] = '\0';
	for (size_t i = 0; i < n; i++)
		sprintf(out + 2 * i, "%02x", bytes[i]);
}

static void text_to_bytes_and_back(void **state)
{
	char found[2 * NFT_BYTES_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		_buf_ struct buf key = {0}, data = {0};
		struct nft_elem elem;

		assert_true(nft_elem_parse(good[i].set, str_of(good[i].key), str_of(good[i].data), &elem));
		hex(elem.key, nft_key_len(good[i].set), found);
		assert_string_equal(found, good[i].key_bytes);
		if (good[i].end_bytes) {
			hex(elem.end, nft_key_len(good[i].set), found);
			assert_string_equal(found, good[i].end_bytes);
		}
		hex(elem.data, nft_data_len(good[i].set), found);
		assert_string_equal(found, good[i].data_bytes);
		assert_true(nft_elem_text(good[i].set, &elem, &key, &data));
		assert_true(str_is(buf_view(&key), good[i].key));
		assert_true(str_is(buf_view(&data), good[i].data));
	}
}

static void what_is_no_element_is_refused(void **state)
{
	struct nft_elem elem;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (nft_elem_parse(bad[i].set, str_of(bad[i].key), str_of(bad[i].data), &elem))
			fail_msg("taken: %s: %s : %s", policy_sets[bad[i].set].name, bad[i].key, bad[i].data);
}

/* Every byte of an element changed to every value: either another element's text, or refused, never the same text. */
static void foreign_bytes_have_no_text_of_ours(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		enum policy_set set = good[i].set;
		struct nft_elem elem;

		assert_true(nft_elem_parse(set, str_of(good[i].key), str_of(good[i].data), &elem));
		for (size_t at = 0; at < nft_key_len(set) + nft_data_len(set); at++) {
			uint8_t *byte = at < nft_key_len(set) ? &elem.key[at] : &elem.data[at - nft_key_len(set)], was = *byte;

			for (unsigned v = 0; v < 256; v++) {
				_buf_ struct buf key = {0}, data = {0};

				*byte = (uint8_t)v;
				if (v != was && nft_elem_text(set, &elem, &key, &data))
					assert_false(str_is(buf_view(&key), good[i].key) && str_is(buf_view(&data), good[i].data));
			}
			*byte = was;
		}
	}
}

static void every_set_fits_the_kernel(void **state)
{
	(void)state;
	for (int s = 0; s < SET_COUNT; s++) {
		assert_in_range(nft_key_len((enum policy_set)s), 4, NFT_BYTES_MAX);
		assert_in_range(nft_data_len((enum policy_set)s), 0, NFT_BYTES_MAX);
		/* A comment of nft is at most 128 bytes with its NUL (NFTNL_UDATA_COMMENT_MAXLEN). */
		assert_in_range(strlen(policy_sets[s].doc), 1, 127);
		assert_null(strpbrk(policy_sets[s].doc, "\"\\\n"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_to_bytes_and_back),
		cmocka_unit_test(what_is_no_element_is_refused),
		cmocka_unit_test(foreign_bytes_have_no_text_of_ours),
		cmocka_unit_test(every_set_fits_the_kernel),
	};

	return cmocka_run_group_tests_name("nft_elem", tests, NULL, NULL);
}
