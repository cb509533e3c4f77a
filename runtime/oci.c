/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The change of oci.h, made in the text: no list but the options of mounts is called "options" in that notation, and a quote within a string has a backslash before it. */
#include "runtime/oci.h"

#include <errno.h>
#include <string.h>

struct scan {
	struct str text;
	size_t at;
};

static void blanks(struct scan *s)
{
	while (s->at < s->text.n && s->text.s[s->at] && strchr(" \t\r\n", s->text.s[s->at]))
		s->at++;
}

static bool next_is(struct scan *s, char c)
{
	blanks(s);
	if (s->at >= s->text.n || s->text.s[s->at] != c)
		return false;
	s->at++;
	return true;
}

/* The string that begins here, without its quotes and with its escapes; false where it does not end. */
static bool string(struct scan *s, struct str *ret)
{
	size_t from = ++s->at;

	while (s->at < s->text.n && s->text.s[s->at] != '"')
		s->at += s->text.s[s->at] == '\\' ? 2 : 1;
	if (s->at >= s->text.n)
		return false;
	*ret = (struct str){s->text.s + from, s->at++ - from};
	return true;
}

/* Whether the list whose bracket was read last has strings only, and "ro" and "rbind" among them. */
static bool is_meant(struct scan s)
{
	bool ro = false, rbind = false;
	struct str word;

	do {
		blanks(&s);
		if (s.at >= s.text.n || s.text.s[s.at] != '"' || !string(&s, &word))
			return false;
		ro |= str_is(word, "ro");
		rbind |= str_is(word, "rbind");
	} while (next_is(&s, ','));
	return ro && rbind && next_is(&s, ']');
}

int oci_readonly(struct str config, struct buf *ret, struct err *e)
{
	struct scan s = {.text = config};
	size_t written = 0;
	struct str word;

	if (!next_is(&s, '{'))
		return err_set(e, -EBADMSG, "the configuration of the container is no JSON object");
	while (s.at < config.n) {
		if (config.s[s.at] != '"') {
			s.at++;
			continue;
		}
		if (!string(&s, &word))
			return err_set(e, -EBADMSG, "the configuration of the container ends within a string");
		if (!str_is(word, "options") || !next_is(&s, ':') || !next_is(&s, '[') || !is_meant(s))
			continue;
		do {
			blanks(&s);
			string(&s, &word);
			if (!str_is(word, "ro"))
				continue;
			size_t at = (size_t)(word.s - config.s);
			buf_add(ret, config.s + written, at - written);
			buf_addc(ret, 'r');
			written = at;
		} while (next_is(&s, ','));
	}
	buf_add(ret, config.s + written, config.n - written);
	return 0;
}
