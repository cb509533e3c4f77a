/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * runtime/nl: what the kernel's acknowledgements say, also where they are cut short or make no sense; and that hardware addresses and names are what links need. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <cmocka.h>

#include <linux/netlink.h>

#include "lang/base/cleanup.h"
#include "runtime/link.h"

/* An NLMSG_ERROR, built piece by piece in a buffer that is as long as the message: a sanitizer sees every read behind it. */
struct message {
	uint64_t scratch[32];
	struct nlmsghdr *m;
};

static void begin(struct message *x, int error, uint16_t flags, size_t copied)
{
	*x = (struct message){0};
	x->m = mnl_nlmsg_put_header(x->scratch);
	x->m->nlmsg_type = NLMSG_ERROR;
	x->m->nlmsg_flags = flags;
	struct nlmsgerr *refusal = mnl_nlmsg_put_extra_header(x->m, sizeof *refusal);
	refusal->error = error;
	refusal->msg.nlmsg_len = (uint32_t)(sizeof refusal->msg + copied);
	if (!(flags & NLM_F_CAPPED))
		mnl_nlmsg_put_extra_header(x->m, copied);
}

static bool read_exactly(const struct message *x, struct nl_ack *ret)
{
	_mem_ void *exact = malloc(x->m->nlmsg_len);

	assert_non_null(exact);
	memcpy(exact, x->m, x->m->nlmsg_len);
	return nl_ack_read(exact, ret);
}

static void acknowledgements_say_why(void **state)
{
	static const uint16_t flags[] = {NLM_F_ACK_TLVS, NLM_F_ACK_TLVS | NLM_F_CAPPED};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct message x;
		struct nl_ack ack;

		begin(&x, -EPERM, flags[i], 20);
		mnl_attr_put_strz(x.m, NLMSGERR_ATTR_MSG, "no such thing");
		mnl_attr_put_u32(x.m, NLMSGERR_ATTR_OFFS, 36);
		assert_true(read_exactly(&x, &ack));
		assert_int_equal(ack.code, -EPERM);
		assert_string_equal(ack.text, "no such thing");
		assert_int_equal(ack.offset, 36);
	}
}

static void what_is_left_out_is_not_made_up(void **state)
{
	struct message x;
	struct nl_ack ack;

	(void)state;
	begin(&x, 0, NLM_F_CAPPED, 100);
	assert_true(read_exactly(&x, &ack));
	assert_true(ack.code == 0 && !ack.text[0] && !ack.offset);
	/* attributes that the flag does not announce */
	begin(&x, -EINVAL, NLM_F_CAPPED, 0);
	mnl_attr_put_strz(x.m, NLMSGERR_ATTR_MSG, "text");
	assert_true(read_exactly(&x, &ack));
	assert_string_equal(ack.text, "");
}

static void nonsense_is_not_read(void **state)
{
	struct message x;
	struct nl_ack ack;

	(void)state;
	begin(&x, EPERM, NLM_F_CAPPED, 0);	/* a positive error */
	assert_false(read_exactly(&x, &ack));
	begin(&x, -EPERM, NLM_F_CAPPED, 0);
	x.m->nlmsg_type = NLMSG_DONE;
	assert_false(read_exactly(&x, &ack));
	begin(&x, -EPERM, NLM_F_CAPPED, 0);
	x.m->nlmsg_len -= 4;
	assert_false(read_exactly(&x, &ack));
	/* a copy of the request that is longer than the message */
	begin(&x, -EPERM, NLM_F_ACK_TLVS, 0);
	((struct nlmsgerr *)mnl_nlmsg_get_payload(x.m))->msg.nlmsg_len = UINT32_MAX;
	assert_true(read_exactly(&x, &ack));
	assert_string_equal(ack.text, "");
	/* a text without its end, an offset of two bytes, a text that is too long */
	begin(&x, -EPERM, NLM_F_ACK_TLVS | NLM_F_CAPPED, 0);
	mnl_attr_put(x.m, NLMSGERR_ATTR_MSG, 4, "text");
	mnl_attr_put_u16(x.m, NLMSGERR_ATTR_OFFS, 7);
	assert_true(read_exactly(&x, &ack));
	assert_true(!ack.text[0] && !ack.offset);
	begin(&x, -EPERM, NLM_F_ACK_TLVS | NLM_F_CAPPED, 0);
	mnl_attr_put_strz(x.m, NLMSGERR_ATTR_MSG, "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
						  "012345678901234567890123456789012345678901234567890123456789");
	assert_true(read_exactly(&x, &ack));
	assert_int_equal(strlen(ack.text), sizeof ack.text - 1);
	/* an attribute that is longer than the message */
	begin(&x, -EPERM, NLM_F_ACK_TLVS | NLM_F_CAPPED, 0);
	mnl_attr_put_strz(x.m, NLMSGERR_ATTR_MSG, "text");
	((struct nlattr *)((char *)mnl_nlmsg_get_payload(x.m) + sizeof(struct nlmsgerr)))->nla_len = 4000;
	assert_true(read_exactly(&x, &ack));
	assert_string_equal(ack.text, "");
}

static void hardware_addresses_are_local_and_tell_the_ends_apart(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		char name[16];

		snprintf(name, sizeof name, "ct%08u", i);
		struct mac host = link_mac(str_of(name), false), peer = link_mac(str_of(name), true), again = link_mac(str_of(name), false);
		assert_int_equal(host.b[0] & 0x03, 0x02);
		assert_int_equal(peer.b[0] & 0x03, 0x02);
		assert_memory_not_equal(host.b, peer.b, 6);
		assert_memory_equal(host.b, again.b, 6);
	}
	struct mac one = link_mac(STR("ct00000001"), false), two = link_mac(STR("ct00000002"), false);
	assert_memory_not_equal(one.b, two.b, 6);
}

static const struct {
	const char *name;
	bool fits;
} names[] = {
	{"ct00000001", true}, {"a", true}, {"123456789012345", true}, {"1234567890123456", false}, {"", false}, {".", false}, {"..", false},
	{"a/b", false},	      {"a b", false}, {"a\n", false},	       {"a:1", false},
};

static void names_are_what_the_kernel_takes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_int_equal(rt_name_fits(str_of(names[i].name), IFNAMSIZ), names[i].fits);
	assert_false(rt_name_fits((struct str){"a\0b", 3}, IFNAMSIZ));
}

/* What a manifest must not say of a link; the error names the resource. */
static const struct {
	const char *id, *altname, *netns, *address, *gateway, *address6, *gateway6;
} bad_links[] = {
	{"ct00000001/", "ct-a", "ct-a", "", "", "", ""},
	{"ct00000001", "", "ct-a", "", "", "", ""},
	{"ct00000001", "ct-a", "", "", "", "", ""},
	{"ct00000001", "ct-a", "ct-a", "1.2.3.4", "", "", ""},
	{"ct00000001", "ct-a", "ct-a", "", "1.2.3.4", "", ""},
	{"ct00000001", "ct-a", "ct-a", "1.2.3.400", "1.2.3.4", "", ""},
	{"ct00000001", "ct-a", "ct-a", "fd00::1", "fd00::2", "", ""},
	{"ct00000001", "ct-a", "ct-a", "", "", "1.2.3.4", "1.2.3.5"},
	{"ct00000001", "ct-a", "ct-a", "", "", "fd00::1", ""},
};

static void bad_links_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad_links / sizeof bad_links[0]; i++) {
		struct res_link r = {
			.res = {.kind = RES_link, .id = str_of(bad_links[i].id)},
			.altname = str_of(bad_links[i].altname),
			.netns = str_of(bad_links[i].netns),
			.address = str_of(bad_links[i].address),
			.gateway = str_of(bad_links[i].gateway),
			.address6 = str_of(bad_links[i].address6),
			.gateway6 = str_of(bad_links[i].gateway6),
		};
		struct link_want want;
		struct err e = {0};

		assert_int_equal(link_read(&r, &want, &e), -EINVAL);
		assert_string_equal(e.resource, bad_links[i].id);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acknowledgements_say_why),
		cmocka_unit_test(what_is_left_out_is_not_made_up),
		cmocka_unit_test(nonsense_is_not_read),
		cmocka_unit_test(hardware_addresses_are_local_and_tell_the_ends_apart),
		cmocka_unit_test(names_are_what_the_kernel_takes),
		cmocka_unit_test(bad_links_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
