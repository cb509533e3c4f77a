/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Positions, diagnostics as text and JSON, UTF-8, and the canonical text of values. What whole runs print stands in tests/golden. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <jansson.h>

#include "lang/base/cleanup.h"
#include "lang/base/utf8.h"
#include "lang/diag.h"
#include "lang/schema.h"
#include "lang/value.h"

struct bench {
	struct arena arena;
	struct sources sources;
	struct diags diags;
	struct source *one, *two;
};

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof *b);

	b->sources.arena = b->diags.arena = &b->arena;
	b->diags.sources = &b->sources;
	b->one = source_add(&b->sources, STR("one"), STR("first\nsecond\r\n\tthird"));
	b->two = source_add(&b->sources, STR("two"), STR(""));
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	arena_free(&b->arena);
	free(b);
	return 0;
}

static struct span at(const struct source *s, uint32_t lo, uint32_t hi)
{
	return (struct span){s->base + lo, s->base + hi};
}

static void rendered(struct bench *b, enum diag_format format, bool colour, const char *wanted)
{
	_buf_ struct buf out = {0};

	diags_render(&b->diags, format, colour, &out);
	buf_addc(&out, '\0');
	assert_string_equal(out.s, wanted);
}

static void places_count_lines_and_columns(void **state)
{
	struct bench *b = *state;
	static const struct {
		uint32_t offset, line, column;
		const char *text;
	} rows[] = {
		{0, 1, 1, "first"}, {5, 1, 6, "first"}, {6, 2, 1, "second"}, {12, 2, 7, "second"}, {14, 3, 1, "\tthird"}, {20, 3, 7, "\tthird"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct place p = source_place(&b->sources, at(b->one, rows[i].offset, rows[i].offset));

		assert_ptr_equal(p.source, b->one);
		assert_int_equal(p.line, rows[i].line);
		assert_int_equal(p.column, rows[i].column);
		assert_true(str_is(p.text, rows[i].text));
	}
	assert_true(str_is(source_origin(&b->sources, at(b->two, 0, 0)), "two:1:1"));
	assert_true(str_is(source_origin(&b->sources, (struct span){0, 0}), ""));
	/* two places of a line in turns, and back to a line above */
	for (int round = 0; round < 2; round++) {
		assert_true(str_is(source_origin(&b->sources, at(b->one, 6, 0)), "one:2:1"));
		assert_true(str_is(source_origin(&b->sources, at(b->one, 9, 0)), "one:2:4"));
		assert_true(str_is(source_origin(&b->sources, at(b->one, 0, 0)), "one:1:1"));
	}
	assert_null(source_place(&b->sources, (struct span){b->sources.end + 5, b->sources.end + 5}).source);
}

static void texts_above_the_limits_are_refused(void **state)
{
	struct bench *b = *state;
	_mem_ char *big = calloc(1, SOURCE_MAX + 1);
	size_t n = 0;

	assert_null(source_add(&b->sources, STR("big"), (struct str){big, SOURCE_MAX + 1}));
	while (source_add(&b->sources, STR("big"), (struct str){big, SOURCE_MAX}))
		n++;
	assert_int_equal(n, SOURCES_MAX / SOURCE_MAX - 1);
}

static void messages_are_sorted_united_and_counted(void **state)
{
	struct bench *b = *state;

	diag_add(&b->diags, DIAG_syntax, at(b->one, 6, 12), "later");
	diag_add(&b->diags, DIAG_syntax, at(b->one, 0, 5), "sooner");
	diag_add(&b->diags, DIAG_syntax, at(b->one, 6, 12), "later");
	diag_add(&b->diags, DIAG_image_tag, at(b->one, 6, 12), "a warning");
	diag_add(&b->diags, DIAG_syntax, (struct span){0, 0}, "nowhere");
	rendered(b, DIAG_TEXT, false,
		 "error[E0201]: nowhere\n"
		 "one:1:1: error[E0201]: sooner\n    1 | first\n      | ^^^^^\n"
		 "one:2:1: error[E0201]: later\n    2 | second\n      | ^^^^^^\n"
		 "one:2:1: warning[W0901]: a warning\n    2 | second\n      | ^^^^^^\n"
		 "3 errors, 1 warning\n");
	assert_int_equal(b->diags.errors, 3);
	assert_int_equal(b->diags.warnings, 1);
}

static void notes_and_help_stand_below(void **state)
{
	struct bench *b = *state;
	struct diag *d = diag_add(&b->diags, DIAG_syntax, at(b->one, 15, 20), "number %d", 7);

	d->label = STR("here");
	diag_help(&b->diags, d, "do that");
	diag_note(&b->diags, d, at(b->one, 0, 5), "first used here");
	diag_suggest(&b->diags, d, STR("thirst"));
	diag_suggest(&b->diags, d, (struct str){0});
	rendered(b, DIAG_TEXT, false,
		 "one:3:2: error[E0201]: number 7\n"
		 "    1 | first\n      | ----- first used here\n"
		 "    2 | second\n"
		 "    3 |         third\n      |         ^^^^^ here\n"
		 "  help: do that\n  help: did you mean `thirst`?\n"
		 "1 error\n");
}

static void spans_are_one_picture(void **state)
{
	struct bench *b = *state;
	struct source *s = source_add(&b->sources, STR("s"), STR("a = b\n\tw\xe3\x81\x82 = w\n3\n4\n5\nfive = six\n"));
	struct diag *d = diag_add(&b->diags, DIAG_syntax, at(s, 0, 1), "on one line");

	diag_note(&b->diags, d, at(s, 4, 5), "right");
	diag_note(&b->diags, d, at(s, 2, 3), "in the middle");
	d = diag_add(&b->diags, DIAG_syntax, at(s, 6, 15), "overlapping, behind a tab and a wide character");
	d->label = STR("all of it");
	diag_note(&b->diags, d, at(s, 7, 11), "its beginning");
	diag_note(&b->diags, d, at(s, 7, 8), "and that of this");
	diag_note(&b->diags, d, at(s, 7, 8), "which is there twice");
	d = diag_add(&b->diags, DIAG_syntax, at(s, 16, 17), "far from each other");
	diag_note(&b->diags, d, at(s, 22, 26), "far below");
	diag_note(&b->diags, d, at(s, 20, 21), "two below");
	diag_note(&b->diags, d, at(b->one, 15, 20), "in another file, below");
	diag_note(&b->diags, d, at(b->one, 0, 5), "in another file");
	rendered(b, DIAG_TEXT, false,
		 "s:1:1: error[E0201]: on one line\n"
		 "    1 | a = b\n"
		 "      | ^ - - right\n"
		 "      |   |\n"
		 "      |   in the middle\n"
		 "s:2:1: error[E0201]: overlapping, behind a tab and a wide character\n"
		 "    2 |         w\xe3\x81\x82 = w\n"
		 "      | ^^^^^^^^^^^^^^^\n"
		 "      | |       |\n"
		 "      | |       which is there twice\n"
		 "      | |       and that of this\n"
		 "      | |       its beginning\n"
		 "      | all of it\n"
		 "s:3:1: error[E0201]: far from each other\n"
		 "    3 | 3\n"
		 "      | ^\n"
		 "    4 | 4\n"
		 "    5 | 5\n"
		 "      | - two below\n"
		 "    6 | five = six\n"
		 "      | ---- far below\n"
		 "  ::: one:1:1\n"
		 "    1 | first\n"
		 "      | ----- in another file\n"
		 "    2 | second\n"
		 "    3 |         third\n"
		 "      |         ----- in another file, below\n"
		 "3 errors\n");
}

static void colour_only_where_asked_for(void **state)
{
	struct bench *b = *state;

	diag_add(&b->diags, DIAG_syntax, at(b->one, 0, 5), "red");
	rendered(b, DIAG_TEXT, true,
		 "\x1b[1mone:1:1: \x1b[0m\x1b[1;31merror[E0201]\x1b[0m\x1b[1m: red\x1b[0m\n"
		 "\x1b[34m    1 |\x1b[0m first\n\x1b[34m      |\x1b[0m \x1b[1;31m^^^^^\x1b[0m\n1 error\n");
}

static void a_terminal_is_not_spoken_to(void **state)
{
	struct bench *b = *state;
	struct source *s = source_add(&b->sources, STR("e\x1b[2J"), STR("a \x1b]0;x\x07 \xe2\x80\xae z"));

	diag_add(&b->diags, DIAG_syntax, at(s, 13, 14), "a name: \x1b[31m\xff\n.");
	rendered(b, DIAG_TEXT, false,
		 "e\xef\xbf\xbd[2J:1:14: error[E0201]: a name: \xef\xbf\xbd[31m\xef\xbf\xbd\xef\xbf\xbd.\n"
		 "    1 | a \xef\xbf\xbd]0;x\xef\xbf\xbd \xef\xbf\xbd z\n      |            ^\n1 error\n");
}

static void json_says_the_same_and_is_json(void **state)
{
	struct bench *b = *state;
	_buf_ struct buf out = {0};
	struct diag *d = diag_add(&b->diags, DIAG_syntax, at(b->one, 6, 15), "a \"quoted\"\n\x01 one");
	json_error_t error;

	diag_note(&b->diags, d, at(b->one, 0, 5), "note");
	diag_help(&b->diags, d, "help");
	diag_add(&b->diags, DIAG_image_tag, (struct span){0, 0}, "nowhere");
	diags_render(&b->diags, DIAG_JSON, true, &out);
	json_t *all = json_loadb(out.s, out.n, 0, &error);
	assert_non_null(all);
	assert_int_equal(json_array_size(all), 2);
	json_t *nowhere = json_array_get(all, 0), *one = json_array_get(all, 1);
	assert_true(json_is_null(json_object_get(nowhere, "path")));
	assert_string_equal(json_string_value(json_object_get(nowhere, "severity")), "warning");
	assert_string_equal(json_string_value(json_object_get(one, "message")), "a \"quoted\"\n\x01 one");
	assert_string_equal(json_string_value(json_object_get(one, "path")), "one");
	assert_int_equal(json_integer_value(json_object_get(one, "line")), 2);
	assert_int_equal(json_integer_value(json_object_get(one, "column")), 1);
	assert_int_equal(json_integer_value(json_object_get(one, "end_line")), 3);
	assert_int_equal(json_integer_value(json_object_get(one, "end_column")), 2);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(json_object_get(one, "notes"), 0), "line")), 1);
	assert_string_equal(json_string_value(json_array_get(json_object_get(one, "help"), 0)), "help");
	json_decref(all);
}

/* What SARIF 2.1.0 asks of a log, a run and a result (sections 3.13, 3.14, 3.27), of this text with a note, a label and a fix. */
static void sarif_is_sarif(void **state)
{
	struct bench *b = *state;
	_buf_ struct buf out = {0};
	struct diag *d = diag_add(&b->diags, DIAG_name_unknown, at(b->one, 7, 12), "`%s`", "second");
	json_error_t error;
	size_t i;
	json_t *result;

	diag_note(&b->diags, d, at(b->one, 0, 5), "note");
	diag_suggest(&b->diags, d, STR("econt"));
	d->label = STR("label");
	diag_add(&b->diags, DIAG_image_tag, (struct span){0, 0}, "nowhere");
	diags_render(&b->diags, DIAG_SARIF, false, &out);
	json_t *log = json_loadb(out.s, out.n, 0, &error);
	assert_non_null(log);
	assert_string_equal(json_string_value(json_object_get(log, "version")), "2.1.0");
	json_t *run = json_array_get(json_object_get(log, "runs"), 0), *driver = json_object_get(json_object_get(run, "tool"), "driver");
	json_t *rules = json_object_get(driver, "rules"), *results = json_object_get(run, "results");
	assert_string_equal(json_string_value(json_object_get(driver, "name")), "ctc");
	assert_int_equal(json_array_size(results), 2);
	json_array_foreach(results, i, result) {
		json_t *rule = json_array_get(rules, (size_t)json_integer_value(json_object_get(result, "ruleIndex")));

		assert_string_equal(json_string_value(json_object_get(rule, "id")), json_string_value(json_object_get(result, "ruleId")));
		assert_non_null(json_string_value(json_object_get(json_object_get(result, "message"), "text")));
		assert_true(json_is_array(json_object_get(result, "locations")));
	}
	result = json_array_get(results, 1);
	json_t *location = json_array_get(json_object_get(result, "locations"), 0), *change, *replacement;
	json_t *place = json_object_get(location, "physicalLocation"), *region = json_object_get(place, "region");
	assert_string_equal(json_string_value(json_object_get(json_object_get(place, "artifactLocation"), "uri")), "one");
	assert_int_equal(json_integer_value(json_object_get(region, "startLine")), 2);
	assert_int_equal(json_integer_value(json_object_get(region, "startColumn")), 2);
	assert_int_equal(json_integer_value(json_object_get(region, "endColumn")), 7);
	change = json_array_get(json_object_get(json_array_get(json_object_get(result, "fixes"), 0), "artifactChanges"), 0);
	replacement = json_array_get(json_object_get(change, "replacements"), 0);
	assert_true(json_equal(json_object_get(replacement, "deletedRegion"), region));
	assert_string_equal(json_string_value(json_object_get(json_object_get(replacement, "insertedContent"), "text")), "econt");
	json_decref(log);
}

static int cmp_codes(const void *a, const void *b)
{
	return strcmp(((const struct diag_info *)a)->code + 1, ((const struct diag_info *)b)->code + 1);
}

static void codes_are_in_order_and_unique(void **state)
{
	(void)state;
	for (int i = 1; i < DIAG_COUNT; i++)
		assert_true(cmp_codes(&diag_infos[i - 1], &diag_infos[i]) < 0);
	for (int i = 0; i < DIAG_COUNT; i++)
		assert_int_equal(diag_infos[i].code[0], diag_infos[i].severity == SEV_ERROR ? 'E' : 'W');
}

static void utf8_round_trips_and_refuses(void **state)
{
	static const char *const bad[] = {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
					  "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "\xc3(", "\xff"};
	_buf_ struct buf b = {0};
	uint32_t back;

	(void)state;
	for (uint32_t code = 1; code <= 0x10ffff; code++) {
		if (code >= 0xd800 && code <= 0xdfff)
			continue;
		b.n = 0;
		utf8_encode(code, &b);
		assert_int_equal(utf8_decode(b.s, b.n, &back), b.n);
		assert_int_equal(back, code);
		assert_int_equal(utf8_decode(b.s, b.n - 1 ? b.n - 1 : 1, &back), b.n == 1 ? 1 : 0);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(utf8_decode(bad[i], strlen(bad[i]), &back), 0);
}

static void characters_have_cells_and_can_be_seen(void **state)
{
	static const struct {
		uint32_t code;
		unsigned width;
		bool invisible;
	} rows[] = {
		{'a', 1, false},      {0xe9, 1, false},	    {0x301, 0, false},	 {0x65e5, 2, false},  {0x1f680, 2, false}, {0xac00, 2, false},
		{0xff21, 2, false},   {0x202e, 0, true},    {0x2066, 0, true},	 {0x200b, 0, true},   {0xfeff, 0, true},   {0xa0, 1, true},
		{0xad, 1, true},      {0x3000, 2, true},    {0x85, 1, true},	 {0xe0041, 0, true},  {0xfe0f, 0, true},   {0xfffe, 1, true},
		{0x1fffe, 1, true},   {0xe000, 1, true},    {0x20ac, 1, false},	 {0x2019, 1, false},  {0x4e00, 2, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(utf8_width(rows[i].code), rows[i].width);
		assert_int_equal(utf8_invisible(rows[i].code), rows[i].invisible);
	}
}

static void values_have_one_text(void **state)
{
	static const struct {
		int64_t value;
		const char *size, *duration;
	} rows[] = {
		{0, "0B", "0s"}, {1, "1B", "1us"}, {1000, "1000B", "1ms"}, {1024, "1KiB", "1ms24us"}, {1536LL << 20, "1536MiB", "26m50s612ms736us"},
		{1LL << 40, "1TiB", "305h25m11s627ms776us"}, {5400000000, "5400000000B", "1h30m"},
		{INT64_MAX, "9223372036854775807B", "2562047788h54s775ms807us"},
	};
	static const struct {
		struct endpoint e;
		const char *port, *endpoint;
	} ends[] = {
		{{{.family = 4, .b = {127, 0, 0, 1}}, {80, 80, PROTO_NONE}}, "80/tcp", "127.0.0.1:80"},
		{{{.family = 4, .b = {127, 0, 0, 1}}, {80, 80, PROTO_TCP}}, "80/tcp", "127.0.0.1:80"},
		{{{.family = 6, .b = {[15] = 1}}, {8000, 8010, PROTO_UDP}}, "8000-8010/udp", "[::1]:8000-8010/udp"},
		{{{0}, {9, 9, PROTO_SCTP}}, "9/sctp", "9/sctp"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		_buf_ struct buf size = {0}, duration = {0};

		size_text(rows[i].value, &size);
		duration_text(rows[i].value, &duration);
		assert_true(str_is(buf_view(&duration), rows[i].duration));
		assert_true(str_is(buf_view(&size), rows[i].size));
	}
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		_buf_ struct buf port = {0}, endpoint = {0};

		port_text(ends[i].e.port, &port);
		endpoint_text(ends[i].e, &endpoint);
		assert_true(str_is(buf_view(&port), ends[i].port));
		assert_true(str_is(buf_view(&endpoint), ends[i].endpoint));
	}
}

/* The words of other tools: in order, each once, and none of ours. */
static void habits_are_in_order_and_not_ours(void **state)
{
	static const struct {
		const char *kind, *word;
	} words[] = {
#define HABIT(word, help) {"", word},
#define HABIT_IN(kind, word, help) {kind, word},
#define HABIT_FORM(word, form)
#include "lang/habit.def"
#undef HABIT
#undef HABIT_IN
#undef HABIT_FORM
	};

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		/* those of a kind first, by kind; then the others */
		int by_kind = i == 0 ? -1 : strcmp(words[i - 1].kind, words[i].kind);

		if (i > 0 && !*words[i].kind && *words[i - 1].kind)
			by_kind = -1;
		assert_true(by_kind < 0 || (by_kind == 0 && strcmp(words[i - 1].word, words[i].word) < 0));
		for (unsigned k = 0; k < KIND_COUNT; k++)
			for (size_t r = 0; r < schema_kinds[k].nrows; r++)
				if (str_is(schema_kinds[k].rows[r].name, words[i].word) && (!*words[i].kind || str_is(schema_kinds[k].word, words[i].kind)))
					fail_msg("%s is a word of %s", words[i].word, schema_kinds[k].word.s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(places_count_lines_and_columns, setup, teardown),
		cmocka_unit_test_setup_teardown(texts_above_the_limits_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(messages_are_sorted_united_and_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(notes_and_help_stand_below, setup, teardown),
		cmocka_unit_test_setup_teardown(spans_are_one_picture, setup, teardown),
		cmocka_unit_test_setup_teardown(colour_only_where_asked_for, setup, teardown),
		cmocka_unit_test_setup_teardown(a_terminal_is_not_spoken_to, setup, teardown),
		cmocka_unit_test_setup_teardown(json_says_the_same_and_is_json, setup, teardown),
		cmocka_unit_test_setup_teardown(sarif_is_sarif, setup, teardown),
		cmocka_unit_test(habits_are_in_order_and_not_ours),
		cmocka_unit_test(codes_are_in_order_and_unique),
		cmocka_unit_test(utf8_round_trips_and_refuses),
		cmocka_unit_test(characters_have_cells_and_can_be_seen),
		cmocka_unit_test(values_have_one_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
