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
#include "tests/unit/read_whole.h"

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
	TURN,		/* the group and the next one, each in place of the other, with an arrow between */
	HOST,		/* the host's address, which without a word is the first of the range */
	ITSELF,		/* the container that it stands in */
};

#define AT_START "(^ *|[{;] *)"
#define KINDS "(stack|container|subnet|volume|defaults|allow|publish|env|limits|ready|ports|mount)"
#define FIELDS "(range|host|address|gpu|after|from|image|memory|cpu|at|within|nat|owner|command)"
#define FIELD(name) AT_START name " *= *"
#define ADDRESS "[0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+"
#define NAME "[a-z][a-z0-9-]*"

/* Where it is said. */
enum where {
	HERE,		/* on the line */
	NOTED,		/* at the other place, which points here */
	AT_BLOCK,	/* what is missing: at the block that it is missing in */
};

/* group: what is changed */
static const struct mutation {
	const char *what, *pattern;
	size_t group;
	enum how how;
	const char *text;
	enum where where;
} mutations[] = {
	{"a kind with two letters swapped", AT_START KINDS " ", 2, SWAP, NULL, HERE},
	{"a kind without its last letter", AT_START KINDS " ", 2, DROP, NULL, HERE},
	{"a kind with a letter doubled", AT_START KINDS " ", 2, DOUBLE, NULL, HERE},
	{"a kind with a capital", AT_START KINDS " ", 2, UPPER, NULL, HERE},
	{"a kind in the plural", AT_START "(container|subnet|volume|stack) ", 2, APPEND, "s", HERE},
	{"a field with two letters swapped", AT_START FIELDS " *=", 2, SWAP, NULL, HERE},
	{"a field without its last letter", AT_START FIELDS " *=", 2, DROP, NULL, HERE},
	{"a field with a letter doubled", AT_START FIELDS " *=", 2, DOUBLE, NULL, HERE},
	{"a field with a capital", AT_START FIELDS " *=", 2, UPPER, NULL, HERE},
	{"a field of another tool", FIELD("(from)"), 2, REPLACE, "hostPath", HERE},
	{"a field given twice", AT_START "((address|range|host|image|gpu|memory|from) *= *[^ ;}]+)", 2, TWICE, NULL, HERE},
	{"a field set by a colon", AT_START FIELDS "( *=) ", 3, REPLACE, ":", HERE},
	{"a field that is compared", AT_START FIELDS " *(=) ", 3, REPLACE, "==", HERE},
	{"a field without =", AT_START FIELDS "( *= *)", 3, REPLACE, " ", HERE},
	{"a field without a value", FIELD("(address|range|image|gpu|memory|from)") "([^ ;}]+)", 3, REPLACE, "", HERE},
	{"a field with a comma behind it", AT_START "((address|range|host|memory|gpu) *= *[^ ;}]+)", 2, APPEND, ",", HERE},
	{"a template with two letters swapped", " : " NAME "\\.(" NAME ") *\\{", 1, SWAP, NULL, HERE},
	{"a template without its last letter", " : " NAME "\\.(" NAME ") *\\{", 1, DROP, NULL, HERE},
	{"a template of another module", " : (" NAME ")\\." NAME " *\\{", 1, DOUBLE, NULL, HERE},
	{"a template without its module", " : (" NAME "\\.)" NAME " *\\{", 1, REPLACE, "", HERE},
	{"a module that is not there", "^use std\\.(" NAME ")", 1, DOUBLE, NULL, HERE},
	{"a module without std", "^use (std\\.)", 1, REPLACE, "", HERE},
	{"a reference in a list, misspelled", FIELD("after") "\\[(" NAME ")", 2, DOUBLE, NULL, HERE},
	{"a list without brackets", FIELD("after") "(\\[" NAME "\\])", 2, REPLACE, "ollama", HERE},
	{"a list without its end", FIELD("after") "\\[" NAME "(\\])", 2, REPLACE, "", HERE},
	{"the left end of a flow, misspelled", "^ *allow +(" NAME ")", 1, DOUBLE, NULL, HERE},
	{"the right end of a flow, misspelled", "^ *allow +" NAME " *-> *(" NAME ")", 1, DOUBLE, NULL, HERE},
	{"a port's name, misspelled", "-> *" NAME "\\.(" NAME ")", 1, DOUBLE, NULL, HERE},
	{"the world, misspelled", "-> *(world)", 1, SWAP, NULL, HERE},
	{"a flow from a port", "^ *allow +(" NAME ")", 1, APPEND, ".http", HERE},
	{"a flow to itself", "^ *allow +(" NAME ") *-> *(" NAME ")\\.", 1, COPY, NULL, HERE},
	{"a flow with another arrow", "^ *(allow|publish) .*(->)", 2, REPLACE, "=>", HERE},
	{"a flow with a short arrow", "^ *(allow|publish) .*(->)", 2, REPLACE, ">", HERE},
	{"a flow without an arrow", "^ *(allow|publish) .*(->)", 2, REPLACE, " ", HERE},
	{"a port published to the world", "^ *publish .*-> *(" NAME "\\." NAME ")", 1, REPLACE, "world", HERE},
	{"a container published without a port", "^ *publish .*-> *" NAME "(\\." NAME ")", 1, REPLACE, "", HERE},
	{"a port published twice", "^ *publish +" ADDRESS ":(8888)", 1, REPLACE, "8188", NOTED},
	{"a published port of 0", "^ *publish +" ADDRESS ":([0-9]+)", 1, REPLACE, "0", HERE},
	{"a published port too large", "^ *publish +" ADDRESS ":([0-9]+)", 1, REPLACE, "70000", HERE},
	{"a published port as in Compose", "^ *publish +(" ADDRESS ":[0-9]+ *-> *" NAME "\\." NAME ")", 1, REPLACE, "8080:80", HERE},
	{"a port of the world of 0", "world:([0-9]+)/", 1, REPLACE, "0", HERE},
	{"a protocol, misspelled", "/(tcp|udp)", 1, REPLACE, "tpc", HERE},
	{"an address with 256", FIELD("(address|host)") "[0-9]+\\.[0-9]+\\.[0-9]+\\.([0-9]+)", 3, REPLACE, "256", HERE},
	{"an address of three parts", FIELD("(address|host)") "[0-9]+(\\.[0-9]+)\\.[0-9]+\\.[0-9]+", 3, REPLACE, "", HERE},
	{"an address in quotes", FIELD("(address|host)") "(" ADDRESS ")", 3, REPLACE, "\"10.0.0.9\"", HERE},
	{"an address with a prefix length", FIELD("(address|host)") ADDRESS "()", 3, REPLACE, "/24", HERE},
	{"an address outside of the subnet", FIELD("(address|host)") "([0-9]+)\\.", 3, REPLACE, "11", HERE},
	{"the broadcast address", FIELD("address") "[0-9]+\\.[0-9]+\\.[0-9]+\\.([0-9]+)", 2, REPLACE, "255", HERE},
	{"the address of the network itself", FIELD("address") "[0-9]+\\.[0-9]+\\.[0-9]+\\.([0-9]+)", 2, REPLACE, "0", HERE},
	{"another one's address", FIELD("address") "[0-9]+\\.[0-9]+\\.[0-9]+\\.(1[2-9])", 2, REPLACE, "11", HERE},
	{"a network with host bits", FIELD("range") "[0-9]+\\.[0-9]+\\.[0-9]+\\.(0)", 2, REPLACE, "7", HERE},
	{"a network that is too small", FIELD("range") ADDRESS "/([0-9]+)", 2, REPLACE, "31", HERE},
	{"a prefix that is too long", FIELD("range") ADDRESS "/([0-9]+)", 2, REPLACE, "33", HERE},
	{"a network without its prefix", FIELD("range") ADDRESS "(/[0-9]+)", 2, REPLACE, "", HERE},
	{"a network of loopback addresses", FIELD("range") "(" ADDRESS ")/", 2, REPLACE, "127.0.0.0", HERE},
	{"a word of an enumeration, misspelled", FIELD("gpu") "(nvidia)", 2, SWAP, NULL, HERE},
	{"a word of an enumeration in quotes", FIELD("gpu") "(nvidia)", 2, REPLACE, "\"nvidia\"", HERE},
	{"yes for true", FIELD("nat") "(true)", 2, REPLACE, "yes", HERE},
	{"a size with an unknown unit", FIELD("memory") "[0-9]+([A-Za-z]+)", 2, REPLACE, "G", HERE},
	{"a size without a unit", FIELD("memory") "[0-9]+([A-Za-z]+)", 2, REPLACE, "", HERE},
	{"a size in quotes", FIELD("memory") "([0-9]+[A-Za-z]+)", 2, REPLACE, "\"1GiB\"", HERE},
	{"a size that is a duration", FIELD("memory") "([0-9]+[A-Za-z]+)", 2, REPLACE, "5m", HERE},
	{"a size that is too small", FIELD("memory") "([0-9]+[A-Za-z]+)", 2, REPLACE, "1B", HERE},
	{"a duration without a unit", FIELD("within") "[0-9]+([a-z]+)", 2, REPLACE, "", HERE},
	{"a duration with an unknown unit", FIELD("within") "[0-9]+([a-z]+)", 2, REPLACE, "sec", HERE},
	{"a relative path in quotes", FIELD("(from|at)") "(/[^ ;}]+)", 3, REPLACE, "\"srv\"", HERE},
	{"a path with a blank", FIELD("(from|at)") "/[^ ;}]*()[ ;}]", 3, REPLACE, " Shows", HERE},
	{"a path with a comma", FIELD("(from|at)") "/[^ ;}]*()[ ;}]", 3, REPLACE, ",b", HERE},
	{"a path with a letter outside ASCII", FIELD("(from|at)") "/[^ ;}]*()[ ;}]", 3, REPLACE, "\xc3\xbc", HERE},
	{"a path with a #", FIELD("(from|at)") "/[^ ;}]*()[ ;}]", 3, REPLACE, "#1", HERE},
	{"a path that is interpolated without quotes", FIELD("(from|at)") "/[^ ;}]*()[ ;}]", 3, REPLACE, "/${1}", HERE},
	{"a relative path", FIELD("(from|at)") "()/", 3, REPLACE, ".", HERE},
	{"a path with ..", FIELD("(from|at)") "/[^ ;}]*()[ ;}]", 3, REPLACE, "/../x", HERE},
	{"a field of ready, misspelled", "ready *\\{ *(http)", 1, DOUBLE, NULL, HERE},
	{"a path of one's home", FIELD("(from|at)") "()/", 3, REPLACE, "~", HERE},
	{"a string without its end", "= *\"[^\"]*(\") *$", 1, REPLACE, "", HERE},
	{"an image without quotes", FIELD("image") "(\"[^\"]*\")", 2, REPLACE, "docker.io/library/nginx:1", HERE},
	{"an image with a capital", FIELD("image") "\"([^\"]*\")", 2, REPLACE, "Nginx:1\"", HERE},
	{"an interpolation, misspelled", "\\$\\{(" NAME ")", 1, DOUBLE, NULL, HERE},
	{"an interpolation of no member", "\\$\\{[^}]*\\.(" NAME ")\\}", 1, DOUBLE, NULL, HERE},
	{"an interpolation without its end", "\\$\\{[^}]*(\\})", 1, REPLACE, "", HERE},
	{"a name with a capital", "^ *container (" NAME ")", 1, UPPER, NULL, HERE},
	{"a name with _", "^ *container " NAME "()[ :]", 1, REPLACE, "_x", HERE},
	{"a name given twice", "^ *container (jupyter|vllm)", 1, REPLACE, "ollama", HERE},
	{"a block without a name", "^ *container( " NAME ") ", 1, REPLACE, "", HERE},
	{"a block with two names", "^ *container " NAME "( )", 1, REPLACE, " two ", HERE},
	{"a block with = before it", "^ *(stack|container|volume) " NAME "( )\\{", 2, REPLACE, " = ", HERE},
	{"a protocol that has no ports", FIELD("http") "[0-9]+/(tcp)", 2, REPLACE, "icmp", HERE},
	{"a port without its protocol", FIELD("http") "[0-9]+(/tcp)", 2, REPLACE, "", HERE},
	{"a word that is not ASCII", FIELD("(gpu)") "(n)", 3, REPLACE, "\xd0\xbf", HERE},
	{"a network elsewhere", FIELD("range") "[0-9]+\\.[0-9]+\\.([0-9]+)\\.0/24", 2, REPLACE, "99", NOTED},
	{"a network with two digits swapped", FIELD("range") "(192|10)\\.", 2, REPLACE, "129", NOTED},
	{"a network that is too narrow for its addresses", FIELD("range") "(192.168.2[01]0|10.7.0)[.]0/([0-9]+)", 3, REPLACE, "29", NOTED},
	{"the host's own address", FIELD("address") "(" ADDRESS ")", 2, HOST, NULL, HERE},
	{"an address with a zero before a part", FIELD("(address|host)") "[0-9]+\\.[0-9]+\\.[0-9]+\\.()[0-9]+", 3, REPLACE, "0", HERE},
	{"an address of five parts", FIELD("(address|host)") ADDRESS "()", 3, REPLACE, ".1", HERE},
	{"an address with a comma", FIELD("(address|host)") "[0-9]+(\\.)", 3, REPLACE, ",", HERE},
	{"an address in braces", FIELD("(address|host)") "(" ADDRESS ")", 3, REPLACE, "{ 10.0.0.2 }", HERE},
	{"an address of the other family", FIELD("(address|host)") "(" ADDRESS ")", 3, REPLACE, "fd00::2", HERE},
	{"an address that is loopback", FIELD("(address|host)") "(" ADDRESS ")", 3, REPLACE, "127.0.0.1", HERE},
	{"a duration that is a size", FIELD("within") "([0-9]+[a-z]+)", 2, REPLACE, "30MiB", HERE},
	{"a duration in quotes", FIELD("within") "([0-9]+[a-z]+)", 2, REPLACE, "\"30s\"", HERE},
	{"a duration of nothing", FIELD("within") "([0-9]+)", 2, REPLACE, "0", HERE},
	{"a negative size", FIELD("memory") "([0-9]+)", 2, PREPEND, "-", HERE},
	{"a size of nothing", FIELD("memory") "([0-9]+)", 2, REPLACE, "0", HERE},
	{"a size beyond all bounds", FIELD("memory") "([0-9]+)", 2, REPLACE, "99999999999999999999", HERE},
	{"a size with a capital unit", FIELD("memory") "[0-9]+([A-Za-z]+)", 2, REPLACE, "GIB", HERE},
	{"a size with a blank before its unit", FIELD("memory") "[0-9]+([A-Za-z]+)", 2, PREPEND, " ", HERE},
	{"a port just too large", "^ *publish +" ADDRESS ":([0-9]+)", 1, REPLACE, "65536", HERE},
	{"a negative port", "^ *publish +" ADDRESS ":([0-9]+)", 1, PREPEND, "-", HERE},
	{"a published port without its address", "^ *publish +(" ADDRESS "):", 1, REPLACE, "", HERE},
	{"an address published without a port", "^ *publish +" ADDRESS "(:[0-9]+)", 1, REPLACE, "", HERE},
	{"a published port of another protocol", "^ *publish +(" ADDRESS ":)?[0-9]+() ", 2, REPLACE, "/udp", HERE},
	{"a published port that is too many", "^ *publish +(" ADDRESS ":)?[0-9]+() ", 2, REPLACE, "-9999", HERE},
	{"a port published twice on its line", "^ *(publish .*[a-z])$", 1, TWICE, NULL, HERE},
	{"a published port turned around", "^ *publish +([^ ]+) *-> *([a-z0-9.-]+)", 1, TURN, NULL, HERE},
	{"a flow turned around", "^ *allow +([^ ]+) *-> *([a-z0-9.:/-]+)", 1, TURN, NULL, HERE},
	{"a route turned around", "^ *route +([^ ]+) *-> *([a-z0-9.-]+)", 1, TURN, NULL, HERE},
	{"a route given twice", "^ *(route .*[a-z])$", 1, TWICE, NULL, HERE},
	{"a route without an arrow", "^ *route [^ ]+ *(->)", 1, REPLACE, " ", HERE},
	{"a route without quotes", "^ *route (\"[a-z]+\")", 1, REPLACE, "chat", HERE},
	{"a route with a scheme", "^ *route \"()", 1, REPLACE, "https://", HERE},
	{"an arrow that leads back", "^ *(allow|publish|route) .*(->)", 2, REPLACE, "<-", HERE},
	{"an arrow of another letter", "^ *(allow|publish|route) .*(->)", 2, REPLACE, "\xe2\x86\x92", HERE},
	{"a module of another alias", "lab\\.(ml)\\.", 1, DOUBLE, NULL, HERE},
	{"a used file's name, misspelled", "(lab)\\.ml\\.", 1, DOUBLE, NULL, HERE},
	{"a used file that is not there", "^use \"\\./([a-z]+)\\.ctstack", 1, DOUBLE, NULL, HERE},
	{"a used file without quotes", "^use (\"[^\"]*\")", 1, REPLACE, "./ml.ctstack", HERE},
	{"a used file without its name here", "^use \"[^\"]*\"( as )", 1, REPLACE, " ", HERE},
	{"a parameter, misspelled", AT_START "(ollama|password) *=", 2, DOUBLE, NULL, HERE},
	{"a secret, misspelled", FIELD("password") "(" NAME ")", 2, DOUBLE, NULL, HERE},
	{"a secret in quotes", FIELD("password") "(" NAME ")", 2, REPLACE, "\"hunter2\"", HERE},
	{"a proxy's container, misspelled", FIELD("container") "(" NAME ")", 2, DOUBLE, NULL, HERE},
	{"a word of sharing, misspelled", FIELD("gpu-sharing") "(shared)", 2, SWAP, NULL, HERE},
	{"a domain without quotes", FIELD("domain") "(\"[^\"]*\")", 2, REPLACE, "home.arpa", HERE},
	{"a domain that is none", FIELD("domain") "\"([^\"]*)\"", 2, REPLACE, "home..arpa", HERE},
	{"a string without its beginning", "= *(\")[^\"]*\" *$", 1, REPLACE, "", HERE},
	{"a string in single quotes", "= *(\"[^\"]*\") *$", 1, REPLACE, "'x'", HERE},
	{"an image that is a number", FIELD("image") "(\"[^\"]*\")", 2, REPLACE, "5", HERE},
	{"an image that is empty", FIELD("image") "(\"[^\"]*\")", 2, REPLACE, "\"\"", HERE},
	{"an image with a blank", FIELD("image") "\"[^\"]*(:)", 2, REPLACE, " :", HERE},
	{"an image with an incomplete digest", FIELD("image") "\"[^\"]*(:[^\"]*)\"", 2, REPLACE, "@sha256:abc", HERE},
	{"a variable that begins with a digit", "env *\\{ *()[A-Z]", 1, REPLACE, "1", HERE},
	{"a variable with a dash", "env *\\{ *[A-Z]()", 1, REPLACE, "-x ", HERE},
	{"a text that is a number", "env *\\{ *[A-Z_]+ *= *(\"[^\"]*\")", 1, REPLACE, "5", HERE},
	{"an interpolation without its beginning", "\\$(\\{)", 1, REPLACE, "", HERE},
	{"a port in quotes", FIELD("http") "([0-9]+/tcp)", 2, REPLACE, "\"80/tcp\"", HERE},
	{"a port that is two, as in Compose", FIELD("http") "([0-9]+/tcp)", 2, REPLACE, "8080:80", HERE},
	{"a port given twice", AT_START "(http *= *[0-9]+/tcp)", 2, TWICE, NULL, HERE},
	{"a port of another name that is there", AT_START "(http) *= *[0-9]+/tcp()", 3, REPLACE, "; web = 80/tcp", HERE},
	{"a port that is not declared and asked", "ready *\\{ *(http = \"/\")", 1, REPLACE, "tcp = nope", HERE},
	{"a container that waits for itself", "^ *after *= *\\[(" NAME ")\\]", 1, ITSELF, NULL, HERE},
	{"something mounted where something is", "volume data \\{ at = (/data)", 1, APPEND, " }; mount /srv -> /data; tmpfs x { at = /x", HERE},
	{"a path that is relative to one's home in quotes", FIELD("(from|at)") "(/[^ ;}]+)", 3, REPLACE, "\"~/data\"", HERE},
	{"a brace that is missing at the end of a line", "\\{ [^{}]*(\\})$", 1, REPLACE, "", HERE},
	{"a brace that is missing where a block begins", "^ *(container|volume|subnet|defaults|stack) [a-z].*(\\{)", 2, REPLACE, "", HERE},
	{"a bracket for a brace", "^ *(container|volume|subnet|defaults|stack) [a-z].*(\\{)$", 2, REPLACE, "[", HERE},
	{"a colon for a brace", "^ *(container|subnet|defaults|stack) [a-z][^:]*( \\{)$", 2, REPLACE, ":", HERE},
	{"a brace too many", "^ *(container|volume|subnet|env|limits) .*\\}()$", 2, REPLACE, " }", HERE},
	{"a field that is required and missing", "^ *(range *=.*)$", 1, REPLACE, "", AT_BLOCK},
	{"a parameter that is required and missing", "^ *(password *=.*)$", 1, REPLACE, "", AT_BLOCK},
	{"a field that is required and missing in its line", "\\{ *((container|file|at) = [^ ;}]+;?)", 1, REPLACE, "", HERE},
	{"a comment as in C", "^ *(container|allow|publish|range|address).*()$", 2, REPLACE, " // why", HERE},
	{"a semicolon and another entry that is none", AT_START "(address|range) *= *[^ ;}]+()", 3, REPLACE, "; yes", HERE},
	{"a word in the place of a network", FIELD("range") "(" ADDRESS "/[0-9]+)", 2, REPLACE, "auto", HERE},
	{"a stack's name with a dot", "^stack [a-z]+()", 1, REPLACE, ".x", HERE},
	{"a keyword, misspelled", "^(use) ", 1, SWAP, NULL, HERE},
	{"a keyword with a capital", "^(use) ", 1, UPPER, NULL, HERE},
	{"a character that means nothing", FIELD("(address|range)") "()", 3, REPLACE, "@", HERE},
};

struct counted {
	size_t places, missed;
};

/* The word behind the last `before` that stands before `at` in the text; where there is none: otherwise. */
static struct str word_before(struct str text, const char *at, const char *before, const char *otherwise)
{
	size_t n = strlen(before);

	for (const char *s = at - n; s > text.s; s--)
		if (memcmp(s, before, n) == 0)
			return (struct str){s + n, strspn(s + n, "abcdefghijklmnopqrstuvwxyz0123456789-.")};
	return str_of(otherwise);
}

/* The group stands in the text at `begin`. Returns the bytes from there on in whose place it is. */
static size_t change(const struct mutation *m, struct str text, size_t begin, struct str group, struct str other, struct buf *out)
{
	const char *at = text.s + begin;
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
	case TURN:
		buf_fmt(out, "%.*s -> %.*s", STR_ARG(other), STR_ARG(group));
		return (size_t)(other.s + other.n - group.s);
	case HOST:
		other = word_before(text, at, "host  = ", "");
		if (other.n) {
			buf_str(out, other);
			break;
		}
		other = word_before(text, at, "range = ", "");
		buf_fmt(out, "%.*s1", (int)((const char *)memrchr(other.s, '.', other.n) - other.s) + 1, other.s);
		break;
	case ITSELF:
		buf_str(out, word_before(text, at, "container ", ""));
		break;
	}
	return group.n;
}

static size_t indent_of(struct str line)
{
	size_t n = 0;

	while (n < line.n && line.s[n] == ' ')
		n++;
	return n;
}

/* The line of the block around a line that was as deep. */
static unsigned block_of(struct str text, unsigned line, size_t indent)
{
	unsigned block = 0;

	for (unsigned n = 1; n < line; n++) {
		struct str one = str_cut(text, '\n', &text);

		if (one.n && indent_of(one) < indent)
			block = n;
	}
	return block;
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

static void judge(const char *path, const struct mutation *m, struct buf *text, unsigned number, unsigned line, struct counted *n)
{
	struct compilation c = {0};

	n->places++;
	int r = compile_text(&c, str_of(path), buf_view(text));
	if (r == 0 || !error_at(&c, line, m->where == NOTED)) {
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
		size_t gone = change(m, text, begin, group, other, &changed);
		buf_add(&changed, text.s + begin + gone, text.n - begin - gone);
		judge(path, m, &changed, number, m->where == AT_BLOCK ? block_of(text, number, indent_of(line)) : number, n);
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
