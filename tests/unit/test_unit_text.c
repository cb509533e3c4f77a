/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * compiler/unit_text: what is written comes back, byte by byte. The reader here is written after systemd.syntax(7)
 * and systemd.service(5), pass by pass, and shares nothing with the writer; that systemd and podman read the same is
 * shown by tests/host/test_units.sh. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "compiler/unit_text.h"
#include "lang/base/cleanup.h"

/* Joins continued lines as systemd does: a line whose last byte is an odd number of backslashes goes on with a blank
 * in its place; comment lines in between vanish. */
static void join_lines(struct str text, struct buf *out)
{
	while (text.n) {
		struct str line = str_cut(text, '\n', &text), bare = line;
		size_t slashes = 0;

		while (bare.n && (bare.s[0] == ' ' || bare.s[0] == '\t'))
			bare = (struct str){bare.s + 1, bare.n - 1};
		if (bare.n && (bare.s[0] == '#' || bare.s[0] == ';'))
			continue;
		while (slashes < line.n && line.s[line.n - 1 - slashes] == '\\')
			slashes++;
		if (slashes % 2) {
			buf_add(out, line.s, line.n - 1);
			buf_addc(out, ' ');
		} else {
			buf_str(out, line);
			return;
		}
	}
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1000;
}

/* One C escape behind a backslash at s[i]; returns the index behind it. */
static size_t unescape(struct str s, size_t i, struct buf *out)
{
	static const char from[] = "abfnrtv\\\"'s", to[] = "\a\b\f\n\r\t\v\\\"' ";
	const char *known = strchr(from, s.s[i]);

	assert_true(i < s.n);
	if (s.s[i] == 'x') {
		int byte = hex(s.s[i + 1]) * 16 + hex(s.s[i + 2]);

		assert_in_range(byte, 1, 255);
		buf_addc(out, (char)byte);
		return i + 3;
	}
	assert_non_null(known);
	buf_addc(out, to[known - from]);
	return i + 1;
}

/* The first pass: the next word; false at the end of the line. */
static bool next_word(struct str *line, struct buf *out)
{
	size_t i = 0;
	char quote = 0;
	bool any = false;

	while (i < line->n && (line->s[i] == ' ' || line->s[i] == '\t'))
		i++;
	assert_false(i < line->n && line->s[i] == ';' && (i + 1 == line->n || line->s[i + 1] == ' '));	/* would part two commands */
	for (; i < line->n && (quote || (line->s[i] != ' ' && line->s[i] != '\t')); any = true) {
		char c = line->s[i++];

		if (c == '\\')
			i = unescape(*line, i, out);
		else if (quote ? c == quote : c == '"' || c == '\'')
			quote = quote ? 0 : c;
		else
			buf_addc(out, c);
	}
	assert_int_equal(quote, 0);
	*line = (struct str){line->s + i, line->n - i};
	return any;
}

/* The second and the third pass: every % and every $ has to be disarmed. */
static void halve(struct buf *word, char sign)
{
	size_t n = 0;

	for (size_t i = 0; i < word->n; i++) {
		if (word->s[i] == sign) {
			assert_true(i + 1 < word->n && word->s[i + 1] == sign);
			i++;
		}
		word->s[n++] = word->s[i];
	}
	word->n = n;
}

static void comes_back(const struct str *words, size_t n)
{
	_buf_ struct buf text = {0}, joined = {0};

	buf_puts(&text, "podman \\\n");
	for (size_t i = 0; i < n; i++)
		unit_arg(&text, words[i]);
	buf_puts(&text, "\tlast\nNext=line\n");
	join_lines(buf_view(&text), &joined);
	struct str line = buf_view(&joined);
	for (size_t i = 0; i < n + 2; i++) {
		struct str wanted = i == 0 ? STR("podman") : i <= n ? words[i - 1] : STR("last");
		_buf_ struct buf word = {0};

		assert_true(next_word(&line, &word));
		halve(&word, '%');
		halve(&word, '$');
		if (!str_eq(buf_view(&word), wanted))
			print_error("word %zu of: %.*s\n", i, STR_ARG(buf_view(&text)));
		assert_true(str_eq(buf_view(&word), wanted));
	}
	_buf_ struct buf rest = {0};
	assert_false(next_word(&line, &rest));
}

static void words_come_back(void **state)
{
	static const struct str words[] = {
		STR(""), STR(" "), STR("plain"), STR("a b"), STR("\"quoted\" 'too'"), STR("--env=A=b c"), STR("-leading"), STR("%i %% 100%"), STR("$HOME ${X} $$ a$"),
		STR("line\nline\r\n\ttab"), STR("\\"), STR("a\\"), STR("\\x41"), STR("#no comment"), STR(";"), STR("; rm"), STR("\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xb3"),
		STR("'"), STR("\""), STR("\x01\x1b[31m\x7f"), STR("@-:+!"), STR("\v\f\a\b"), STR("{}[]()*?~&|<>`!"), STR("a=b,c:d"),
	};

	(void)state;
	comes_back(words, sizeof words / sizeof words[0]);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		comes_back(&words[i], 1);
}

/* Every byte, alone, in front, behind and between. */
static void every_byte_comes_back(void **state)
{
	char bytes[4] = {0};

	(void)state;
	for (int c = 1; c < 128; c++) {
		static const struct {
			size_t at, n;
		} places[] = {{0, 1}, {0, 2}, {1, 2}, {1, 3}};

		for (size_t i = 0; i < 4; i++) {
			memcpy(bytes, "zzz", 3);
			bytes[places[i].at] = (char)c;
			comes_back(&(struct str){bytes, places[i].n}, 1);
		}
	}
}

static void random_words_come_back(void **state)
{
	static const char signs[] = "\\\"'%$#; \t\n\r=,:-@aZ0{}[]\x7f\x01";
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		char bytes[3][24];
		struct str words[3];

		for (int w = 0; w < 3; w++) {
			words[w] = (struct str){bytes[w], (size_t)(rand_r(&seed) % 24)};
			for (size_t i = 0; i < words[w].n; i++)
				bytes[w][i] = signs[(size_t)rand_r(&seed) % (sizeof signs - 1)];
		}
		comes_back(words, 3);
	}
}

/* What runtime/bind.c looks for at the beginning of a line is written by lowering alone. */
static void no_word_is_taken_for_a_late_one(void **state)
{
	static const struct str words[] = {STR("@image:localhost/a:1@"), STR("@gpu:nvidia@"), STR("@"), STR("@@")};

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		_buf_ struct buf line = {0};

		unit_arg(&line, words[i]);
		assert_true(line.n > 2 && line.s[0] == '\t' && line.s[1] != '@');
	}
	comes_back(words, sizeof words / sizeof words[0]);
}

static void what_no_program_can_be_given_is_refused(void **state)
{
	static const struct {
		struct str word;
		bool ok;
	} rows[] = {
		{STR(""), true},	    {STR("a\nb"), true},	 {{"a\0b", 3}, false},		{STR("\xff"), false},	 {STR("\xc3"), false},
		{STR("\xc0\x80"), false},   {STR("\xed\xa0\x80"), false}, {STR("\xf4\x90\x80\x80"), false}, {STR("\xe2\x82\xac"), true}, {STR("\xf0\x9f\x90\xb3"), true},
	};
	static const struct {
		const char *path;
		bool ok;
	} paths[] = {
		{"/", true}, {"/a b/c,d:\"e\"=f", true}, {"/a/", true}, {"a", false}, {"", false}, {"/a\nb", false}, {"/a/../b", false}, {"/./b", false}, {"/..a/b.", true},
	};
	_mem_ char *big = malloc(UNIT_WORD_MAX + 1);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(unit_word_refused(rows[i].word) == NULL, rows[i].ok);
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		assert_int_equal(unit_path_refused(str_of(paths[i].path)) == NULL, paths[i].ok);
	memset(big, 'x', UNIT_WORD_MAX + 1);
	assert_null(unit_word_refused((struct str){big, UNIT_WORD_MAX}));
	assert_non_null(unit_word_refused((struct str){big, UNIT_WORD_MAX + 1}));
	big[0] = '/';
	assert_non_null(unit_path_refused((struct str){big, 257}));
}

static void mount_fields_are_quoted_as_csv(void **state)
{
	static const struct {
		const char *value, *out;
	} rows[] = {
		{"/a", "source=/a"}, {"/a b:c=d", "source=/a b:c=d"}, {"/a,b", "\"source=/a,b\""}, {"/a\"b", "\"source=/a\"\"b\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		_buf_ struct buf out = {0};

		podman_field(&out, STR("source"), str_of(rows[i].value));
		assert_true(str_is(buf_view(&out), rows[i].out));
	}
}

static void lists_disarm_specifiers(void **state)
{
	_buf_ struct buf out = {0};

	(void)state;
	unit_item(&out, STR("/a $b/%c"));
	assert_true(str_is(buf_view(&out), "\"/a $b/%%c\""));
}

static void list_items_are_quoted_as_csv(void **state)
{
	static const struct {
		const char *value, *out;
	} rows[] = {
		{"/dev/a:/dev/a:rw", "/dev/a:/dev/a:rw"}, {"/dev/a b:/dev/a b:r", "/dev/a b:/dev/a b:r"}, {"/dev/a,b:/dev/c:rw", "\"/dev/a,b:/dev/c:rw\""},
		{"/dev/\"a\":/dev/c:rw", "\"/dev/\"\"a\"\":/dev/c:rw\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		_buf_ struct buf out = {0};

		podman_field(&out, STR(""), str_of(rows[i].value));
		assert_true(str_is(buf_view(&out), rows[i].out));
	}
}

/* Names as disks have them, with whatever may mean something to a format. */
static const char *const disk[] = {
	"/srv/TV Shows, \xc3\x9cn\xc3\xaf" "code/50% $HOME", "/a:b", "/a,b", "/a\"b'c", "/back\\slash", "/end\\", "/end ", "/end\\ ", "/%i/%%/%", "/$x/${y}/$", "/#a;b*c", "/-/--x", "/\xe6\x97\xa5\xe6\x9c\xac",
	"/\xf0\x9f\x8e\xac", "/ ", "/'", "/;",
};

/* LoadCredential=: the line as systemd keeps it is without what it strips from its ends, and is no beginning of the next one; then come the specifiers, of which %i is empty in a unit that is no
 * instance. */
static void rests_of_lines_come_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof disk / sizeof disk[0]; i++) {
		_buf_ struct buf text = {0}, line = {0}, path = {0};

		buf_puts(&text, "LoadCredential=x:");
		unit_rest(&text, str_of(disk[i]));
		buf_puts(&text, "\nNext=line\n");
		join_lines(buf_view(&text), &line);
		struct str rest, key = str_cut(buf_view(&line), ':', &rest);
		assert_true(str_is(key, "LoadCredential=x"));
		while (rest.n && (rest.s[rest.n - 1] == ' ' || rest.s[rest.n - 1] == '\t'))
			rest.n--;
		for (size_t k = 0; k < rest.n; k++) {
			if (rest.s[k] != '%') {
				buf_addc(&path, rest.s[k]);
				continue;
			}
			k++;
			assert_true(k < rest.n && (rest.s[k] == '%' || rest.s[k] == 'i'));
			if (rest.s[k] == '%')
				buf_addc(&path, '%');
		}
		if (!str_is(buf_view(&path), disk[i]))
			fail_msg("`%s` becomes `%.*s`", disk[i], (int)path.n, path.s);
	}
}

/* RequiresMountsFor=, DeviceAllow=: quotes in which a backslash stands for what is behind it, whatever that is (extract_first_word() without escapes of C); then specifiers. */
static void paths_in_lists_come_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof disk / sizeof disk[0]; i++) {
		_buf_ struct buf text = {0}, path = {0};
		bool quoted = false;
		size_t k = 0;

		unit_item(&text, str_of(disk[i]));
		for (; k < text.n && (quoted || text.s[k] != ' '); k++) {
			if (text.s[k] == '\\')
				buf_addc(&path, text.s[++k]);
			else if (text.s[k] == '"')
				quoted = !quoted;
			else
				buf_addc(&path, text.s[k]);
		}
		assert_int_equal(k, text.n);
		assert_false(quoted);
		halve(&path, '%');
		assert_true(str_is(buf_view(&path), disk[i]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_come_back),
		cmocka_unit_test(every_byte_comes_back),
		cmocka_unit_test(random_words_come_back),
		cmocka_unit_test(no_word_is_taken_for_a_late_one),
		cmocka_unit_test(what_no_program_can_be_given_is_refused),
		cmocka_unit_test(mount_fields_are_quoted_as_csv),
		cmocka_unit_test(lists_disarm_specifiers),
		cmocka_unit_test(list_items_are_quoted_as_csv),
		cmocka_unit_test(rests_of_lines_come_back),
		cmocka_unit_test(paths_in_lists_come_back),
	};

	return cmocka_run_group_tests_name("unit_text", tests, NULL, NULL);
}
