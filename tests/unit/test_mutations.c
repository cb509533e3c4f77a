/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Slips of the pen: each kind of the catalogue is made at every place of the examples where it can be made, one at a time, and each must be one error on its line, and no other. A kind that
 * finds no place in any file is a mistake of the catalogue. */
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "compiler/compile.h"
#include "lang/base/cleanup.h"

static const char *const files[] = {"examples/ml.ctstack", "examples/dev.ctstack", "examples/hello.ctstack", "tests/unit/mutations.ctstack"};

enum how {
	SWAP,		/* two letters of the group, the first two behind its first one that differ */
	DROP,		/* its last letter */
	DOUBLE,		/* its first letter */
	UPPER,		/* its first letter */
	REPLACE,	/* by text */
	APPEND,		/* text */
	PREPEND,	/* text */
	COPY,		/* the second group in place of the first */
	TWICE,		/* once more behind itself, after "; " */
};

#define AT_START "(^ *|[{;] *)"
#define KINDS "(stack|container|subnet|volume|defaults|allow|publish|env|limits|ready|ports|mount)"
#define FIELDS "(range|host|address|gpu|after|from|image|memory|cpu|at|within|nat|owner|command)"
#define FIELD(name) AT_START name " *= *"
#define ADDRESS "[0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+"
#define NAME "[a-z][a-z0-9-]*"

/* group: what is changed; noted: the mistake is said at the other place, which points here. */
static const struct mutation {
	const char *what, *pattern;
	size_t group;
	enum how how;
	const char *text;
	bool noted;
} mutations[] = {
	{"a kind with two letters swapped", AT_START KINDS " ", 2, SWAP, NULL, false},
	{"a kind without its last letter", AT_START KINDS " ", 2, DROP, NULL, false},
	{"a kind with a letter doubled", AT_START KINDS " ", 2, DOUBLE, NULL, false},
	{"a kind with a capital", AT_START KINDS " ", 2, UPPER, NULL, false},
	{"a kind in the plural", AT_START "(container|subnet|volume|stack) ", 2, APPEND, "s", false},
	{"a field with two letters swapped", AT_START FIELDS " *=", 2, SWAP, NULL, false},
	{"a field without its last letter", AT_START FIELDS " *=", 2, DROP, NULL, false},
	{"a field with a letter doubled", AT_START FIELDS " *=", 2, DOUBLE, NULL, false},
	{"a field with a capital", AT_START FIELDS " *=", 2, UPPER, NULL, false},
	{"a field of another tool", FIELD("(from)"), 2, REPLACE, "hostPath", false},
	{"a field given twice", AT_START "((address|range|host|image|gpu|memory|from) *= *[^ ;}]+)", 2, TWICE, NULL, false},
	{"a field set by a colon", AT_START FIELDS "( *=) ", 3, REPLACE, ":", false},
	{"a field that is compared", AT_START FIELDS " *(=) ", 3, REPLACE, "==", false},
	{"a field without =", AT_START FIELDS "( *= *)", 3, REPLACE, " ", false},
	{"a field without a value", FIELD("(address|range|image|gpu|memory|from)") "([^ ;}]+)", 3, REPLACE, "", false},
	{"a field with a comma behind it", AT_START "((address|range|host|memory|gpu) *= *[^ ;}]+)", 2, APPEND, ",", false},
	{"a template with two letters swapped", " : " NAME "\\.(" NAME ") *\\{", 1, SWAP, NULL, false},
	{"a template without its last letter", " : " NAME "\\.(" NAME ") *\\{", 1, DROP, NULL, false},
	{"a template of another module", " : (" NAME ")\\." NAME " *\\{", 1, DOUBLE, NULL, false},
	{"a template without its module", " : (" NAME "\\.)" NAME " *\\{", 1, REPLACE, "", false},
	{"a module that is not there", "^use std\\.(" NAME ")", 1, DOUBLE, NULL, false},
	{"a module without std", "^use (std\\.)", 1, REPLACE, "", false},
	{"a reference in a list, misspelled", FIELD("after") "\\[(" NAME ")", 2, DOUBLE, NULL, false},
	{"a list without brackets", FIELD("after") "(\\[" NAME "\\])", 2, REPLACE, "ollama", false},
	{"a list without its end", FIELD("after") "\\[" NAME "(\\])", 2, REPLACE, "", false},
	{"the left end of a flow, misspelled", "^ *allow +(" NAME ")", 1, DOUBLE, NULL, false},
	{"the right end of a flow, misspelled", "^ *allow +" NAME " *-> *(" NAME ")", 1, DOUBLE, NULL, false},
	{"a port's name, misspelled", "-> *" NAME "\\.(" NAME ")", 1, DOUBLE, NULL, false},
	{"the world, misspelled", "-> *(world)", 1, SWAP, NULL, false},
	{"a flow from a port", "^ *allow +(" NAME ")", 1, APPEND, ".http", false},
	{"a flow to itself", "^ *allow +(" NAME ") *-> *(" NAME ")\\.", 1, COPY, NULL, false},
	{"a flow with another arrow", "^ *(allow|publish) .*(->)", 2, REPLACE, "=>", false},
	{"a flow with a short arrow", "^ *(allow|publish) .*(->)", 2, REPLACE, ">", false},
	{"a flow without an arrow", "^ *(allow|publish) .*(->)", 2, REPLACE, " ", false},
	{"a port published to the world", "^ *publish .*-> *(" NAME "\\." NAME ")", 1, REPLACE, "world", false},
	{"a container published without a port", "^ *publish .*-> *" NAME "(\\." NAME ")", 1, REPLACE, "", false},
	{"a port published twice", "^ *publish +" ADDRESS ":(8888)", 1, REPLACE, "8188", true},
	{"a published port of 0", "^ *publish +" ADDRESS ":([0-9]+)", 1, REPLACE, "0", false},
	{"a published port too large", "^ *publish +" ADDRESS ":([0-9]+)", 1, REPLACE, "70000", false},
	{"a published port as in Compose", "^ *publish +(" ADDRESS ":[0-9]+ *-> *" NAME "\\." NAME ")", 1, REPLACE, "8080:80", false},
	{"a port of the world of 0", "world:([0-9]+)/", 1, REPLACE, "0", false},
	{"a protocol, misspelled", "/(tcp|udp)", 1, REPLACE, "tpc", false},
	{"an address with 256", FIELD("(address|host)") "[0-9]+\\.[0-9]+\\.[0-9]+\\.([0-9]+)", 3, REPLACE, "256", false},
	{"an address of three parts", FIELD("(address|host)") "[0-9]+(\\.[0-9]+)\\.[0-9]+\\.[0-9]+", 3, REPLACE, "", false},
	{"an address in quotes", FIELD("(address|host)") "(" ADDRESS ")", 3, REPLACE, "\"10.0.0.9\"", false},
	{"an address with a prefix length", FIELD("(address|host)") ADDRESS "()", 3, REPLACE, "/24", false},
	{"an address outside of the subnet", FIELD("(address|host)") "([0-9]+)\\.", 3, REPLACE, "11", false},
	{"the broadcast address", FIELD("address") "[0-9]+\\.[0-9]+\\.[0-9]+\\.([0-9]+)", 2, REPLACE, "255", false},
	{"the address of the network itself", FIELD("address") "[0-9]+\\.[0-9]+\\.[0-9]+\\.([0-9]+)", 2, REPLACE, "0", false},
	{"another one's address", FIELD("address") "[0-9]+\\.[0-9]+\\.[0-9]+\\.(1[2-9])", 2, REPLACE, "11", false},
	{"a network with host bits", FIELD("range") "[0-9]+\\.[0-9]+\\.[0-9]+\\.(0)", 2, REPLACE, "7", false},
	{"a network that is too small", FIELD("range") ADDRESS "/([0-9]+)", 2, REPLACE, "31", false},
	{"a prefix that is too long", FIELD("range") ADDRESS "/([0-9]+)", 2, REPLACE, "33", false},
	{"a network without its prefix", FIELD("range") ADDRESS "(/[0-9]+)", 2, REPLACE, "", false},
	{"a network of loopback addresses", FIELD("range") "(" ADDRESS ")/", 2, REPLACE, "127.0.0.0", false},
	{"a word of an enumeration, misspelled", FIELD("gpu") "(nvidia)", 2, SWAP, NULL, false},
	{"a word of an enumeration in quotes", FIELD("gpu") "(nvidia)", 2, REPLACE, "\"nvidia\"", false},
	{"yes for true", FIELD("nat") "(true)", 2, REPLACE, "yes", false},
	{"a size with an unknown unit", FIELD("memory") "[0-9]+([A-Za-z]+)", 2, REPLACE, "G", false},
	{"a size without a unit", FIELD("memory") "[0-9]+([A-Za-z]+)", 2, REPLACE, "", false},
	{"a size in quotes", FIELD("memory") "([0-9]+[A-Za-z]+)", 2, REPLACE, "\"1GiB\"", false},
	{"a size that is a duration", FIELD("memory") "([0-9]+[A-Za-z]+)", 2, REPLACE, "5m", false},
	{"a size that is too small", FIELD("memory") "([0-9]+[A-Za-z]+)", 2, REPLACE, "1B", false},
	{"a duration without a unit", FIELD("within") "[0-9]+([a-z]+)", 2, REPLACE, "", false},
	{"a duration with an unknown unit", FIELD("within") "[0-9]+([a-z]+)", 2, REPLACE, "sec", false},
	{"a relative path in quotes", FIELD("(from|at)") "(/[^ ;}]+)", 3, REPLACE, "\"srv\"", false},
	{"a path with a blank", FIELD("(from|at)") "/[^ ;}]*()[ ;}]", 3, REPLACE, " Shows", false},
	{"a path with a comma", FIELD("(from|at)") "/[^ ;}]*()[ ;}]", 3, REPLACE, ",b", false},
	{"a path with a letter outside ASCII", FIELD("(from|at)") "/[^ ;}]*()[ ;}]", 3, REPLACE, "\xc3\xbc", false},
	{"a path with a #", FIELD("(from|at)") "/[^ ;}]*()[ ;}]", 3, REPLACE, "#1", false},
	{"a path that is interpolated without quotes", FIELD("(from|at)") "/[^ ;}]*()[ ;}]", 3, REPLACE, "/${1}", false},
	{"a relative path", FIELD("(from|at)") "()/", 3, REPLACE, ".", false},
	{"a path with ..", FIELD("(from|at)") "/[^ ;}]*()[ ;}]", 3, REPLACE, "/../x", false},
	{"a field of ready, misspelled", "ready *\\{ *(http)", 1, DOUBLE, NULL, false},
	{"a path of one's home", FIELD("(from|at)") "()/", 3, REPLACE, "~", false},
	{"a string without its end", "= *\"[^\"]*(\") *$", 1, REPLACE, "", false},
	{"an image without quotes", FIELD("image") "(\"[^\"]*\")", 2, REPLACE, "docker.io/library/nginx:1", false},
	{"an image with a capital", FIELD("image") "\"([^\"]*\")", 2, REPLACE, "Nginx:1\"", false},
	{"an interpolation, misspelled", "\\$\\{(" NAME ")", 1, DOUBLE, NULL, false},
	{"an interpolation of no member", "\\$\\{[^}]*\\.(" NAME ")\\}", 1, DOUBLE, NULL, false},
	{"an interpolation without its end", "\\$\\{[^}]*(\\})", 1, REPLACE, "", false},
	{"a name with a capital", "^ *container (" NAME ")", 1, UPPER, NULL, false},
	{"a name with _", "^ *container " NAME "()[ :]", 1, REPLACE, "_x", false},
	{"a name given twice", "^ *container (jupyter|vllm)", 1, REPLACE, "ollama", false},
	{"a block without a name", "^ *container( " NAME ") ", 1, REPLACE, "", false},
	{"a block with two names", "^ *container " NAME "( )", 1, REPLACE, " two ", false},
	{"a block with = before it", "^ *(stack|container|volume) " NAME "( )\\{", 2, REPLACE, " = ", false},
	{"a protocol that has no ports", FIELD("http") "[0-9]+/(tcp)", 2, REPLACE, "icmp", false},
	{"a port without its protocol", FIELD("http") "[0-9]+(/tcp)", 2, REPLACE, "", false},
	{"a word that is not ASCII", FIELD("(gpu)") "(n)", 3, REPLACE, "\xd0\xbf", false},
	{"a character that means nothing", FIELD("(address|range)") "()", 3, REPLACE, "@", false},
};

struct counted {
	size_t places, missed;
};

static void read_whole(const char *path, struct buf *out)
{
	_file_ FILE *f = fopen(path, "re");
	char part[4096];
	size_t n;

	while (f && (n = fread(part, 1, sizeof part, f)) > 0)
		buf_add(out, part, n);
}

static void change(const struct mutation *m, struct str group, struct str other, struct buf *out)
{
	size_t i = 1;

	switch (m->how) {
	case SWAP:
		i = group.n > 2;
		while (i + 2 < group.n && group.s[i] == group.s[i + 1])
			i++;
		buf_fmt(out, "%.*s%c%c%.*s", (int)i, group.s, group.s[i + 1], group.s[i], (int)(group.n - i - 2), group.s + i + 2);
		break;
	case DROP:
		buf_add(out, group.s, group.n - 1);
		break;
	case DOUBLE:
		buf_addc(out, group.s[0]);
		buf_str(out, group);
		break;
	case UPPER:
		buf_addc(out, (char)(group.s[0] - 'a' + 'A'));
		buf_add(out, group.s + 1, group.n - 1);
		break;
	case REPLACE:
		buf_puts(out, m->text);
		break;
	case APPEND:
		buf_str(out, group);
		buf_puts(out, m->text);
		break;
	case PREPEND:
		buf_puts(out, m->text);
		buf_str(out, group);
		break;
	case COPY:
		buf_str(out, other);
		break;
	case TWICE:
		buf_fmt(out, "%.*s; %.*s", STR_ARG(group), STR_ARG(group));
		break;
	}
}

/* Whether one error is said, and at the line, or, where that is allowed, points at it. */
static bool error_at(struct compilation *c, unsigned line, bool noted)
{
	if (c->diags.errors != 1)
		return false;
	vec_each(struct diag *const, d, &c->diags.all) {
		if ((*d)->severity != SEV_ERROR)
			continue;
		if (source_place(&c->sources, (*d)->at).line == line)
			return true;
		vec_each(struct diag_note, note, &(*d)->notes)
			if (noted && note->at.lo && source_place(&c->sources, note->at).line == line)
				return true;
	}
	return false;
}

static void judge(const char *path, const struct mutation *m, struct buf *text, unsigned number, struct counted *n)
{
	struct compilation c = {0};

	n->places++;
	int r = compile_text(&c, str_of(path), buf_view(text));
	if (r == 0 || !error_at(&c, number, m->noted)) {
		_buf_ struct buf said = {0};
		struct str rest = buf_view(text), shown = {0};

		for (unsigned i = 0; i < number; i++)
			shown = str_cut(rest, '\n', &rest);
		diags_render(&c.diags, DIAG_TEXT, false, &said);
		print_message("%s:%u: %s: not one error on its line: %.*s\n%.*s\n", path, number, m->what, STR_ARG(shown), STR_ARG(buf_view(&said)));
		n->missed++;
	}
	compilation_end(&c);
}

/* Every place of a line, one after the other. */
static void mutate_line(const char *path, const struct mutation *m, const regex_t *re, struct str text, struct str line, unsigned number, struct counted *n)
{
	_mem_ char *z = strndup(line.s, line.n);
	regmatch_t at[6];
	char *comment = strstr(z, " #");

	if (z[0] == '#' || strspn(z, " ") == strcspn(z, "#"))
		return;
	if (comment)
		*comment = '\0';
	for (size_t from = 0; z[from] && regexec(re, z + from, 6, at, from ? REG_NOTBOL : 0) == 0; from += (size_t)(at[0].rm_eo > at[0].rm_so ? at[0].rm_eo : at[0].rm_eo + 1)) {
		_buf_ struct buf changed = {0};
		struct str group = {z + from + at[m->group].rm_so, (size_t)(at[m->group].rm_eo - at[m->group].rm_so)}, other = {0};
		size_t begin = (size_t)(line.s - text.s) + (size_t)(group.s - z);

		if (at[m->group + 1].rm_so >= 0)
			other = (struct str){z + from + at[m->group + 1].rm_so, (size_t)(at[m->group + 1].rm_eo - at[m->group + 1].rm_so)};
		buf_add(&changed, text.s, begin);
		change(m, group, other, &changed);
		buf_add(&changed, text.s + begin + group.n, text.n - begin - group.n);
		judge(path, m, &changed, number, n);
		if (at[0].rm_eo == 0)
			break;
	}
}

static void every_slip_is_caught_where_it_is(void **state)
{
	size_t missed = 0, places = 0;

	(void)state;
	for (size_t i = 0; i < sizeof mutations / sizeof mutations[0]; i++) {
		const struct mutation *m = &mutations[i];
		struct counted n = {0};
		regex_t re;

		if (regcomp(&re, m->pattern, REG_EXTENDED) != 0)
			fail_msg("%s: a malformed pattern", m->what);
		for (size_t k = 0; k < sizeof files / sizeof files[0]; k++) {
			_buf_ struct buf text = {0};
			struct str rest, line;

			read_whole(files[k], &text);
			rest = buf_view(&text);
			for (unsigned number = 1; rest.n; number++) {
				line = str_cut(rest, '\n', &rest);
				mutate_line(files[k], m, &re, buf_view(&text), line, number, &n);
			}
		}
		regfree(&re);
		if (!n.places) {
			print_message("%s: has no place in any file\n", m->what);
			missed++;
		}
		missed += n.missed;
		places += n.places;
	}
	print_message("# %zu kinds at %zu places\n", sizeof mutations / sizeof mutations[0], places);
	assert_int_equal(missed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_slip_is_caught_where_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
