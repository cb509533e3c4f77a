/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What may have been meant where something else was expected: the mistakes that people make who come from YAML, JSON, HCL, Nix, quadlets or a shell. Guesses are asked one after the other, and
 * the first that knows speaks; none of them decides anything. */
#include "grammar.h"
#include "lang/base/near.h"
#include "lang/habit.h"
#include "lang/schema.h"

struct guess {
	struct parser *p;
	struct diag *d;
	const struct expected *e;
	const struct head_token *h;	/* the entry's first tokens, the newest one included */
	size_t n;
	int found;
	struct str first, before, last;	/* texts of the first token, the one before the newest, the newest */
	bool named;			/* the entry begins with a name, and goes on */
	bool attached;			/* no blank before the newest */
};

/* Says what to do, and that it did. */
#define MEANT(...) (diag_help(g->p->diags, g->d, __VA_ARGS__), true)

static bool is_reserved(int token)
{
	return token >= LET && token <= NOT;
}

static bool is_value(int token)
{
	return token == PLAIN || token == LITERAL || token == QUOTE_BEGIN || token == LINES_BEGIN || token == TRUE || token == FALSE ||
	       token == NONE;
}

static bool ends_entry(int token)
{
	return token == SEP || token == '}' || token == YYEOF;
}

static bool is_block(const struct guess *g)
{
	return kind_find(g->first) != KIND_COUNT || schema_row_any(g->first, ROW_MAP);
}

/* What follows the newest token on its line. */
static struct str behind(const struct guess *g)
{
	return parser_line(g->p, g->p->last_at.hi);
}

/* What stands directly before the newest token, back to a blank; empty where that is far away. */
static struct str word_before(const struct guess *g)
{
	uint32_t end = g->p->last_at.lo - g->p->base, i = end;

	while (i > 0 && (unsigned char)g->p->text.s[i - 1] > ' ' && end - i < LINE_MAX_SHOWN)
		i--;
	return i > 0 && (unsigned char)g->p->text.s[i - 1] > ' ' ? STR("") : (struct str){g->p->text.s + i, end - i};
}

/* A text that something stands behind, `${a}`, "${a}" or web-${a}, without its quotes; empty where that cannot be told. */
static struct str text_before(const struct guess *g)
{
	struct str word = word_before(g);

	if (word.n >= 2 && word.s[0] == '"' && word.s[word.n - 1] == '"')
		word = (struct str){word.s + 1, word.n - 2};
	return str_has(word, '"') || !memmem(word.s, word.n, "${", 2) ? STR("") : word;
}

/* 80 of ${80}, where that is all of it; else empty. */
static struct str text_computed(struct str text)
{
	bool whole = text.n > 3 && str_starts(text, STR("${")) && memchr(text.s, '}', text.n) == text.s + text.n - 1;

	return whole ? (struct str){text.s + 2, text.n - 3} : STR("");
}

/* `image = docker.io/x:16`: the rest of the entry, in quotes. */
static bool quotes(const struct guess *g)
{
	struct str rest = parser_text(g->p, (struct span){g->h[2].at.lo, g->p->base + (uint32_t)g->p->text.n});

	rest = str_cut(str_cut(rest, '\n', NULL), ';', NULL);
	if (!str_has(rest, '{'))
		rest = str_cut(rest, '}', NULL);
	const struct schema_row *row = schema_row_any(g->first, ROW_FIELD);
	if (row && row->type == T_OWNER)
		return MEANT("user and group are numbers: 0:0 is root");
	if (row && row->type == T_NETWORK && g->found == ':')
		return MEANT("the network of another container is joined: join = %.*s", STR_ARG(str_cut(behind(g), ' ', NULL)));
	if (row && (row->type == T_CIDR4 || row->type == T_CIDR6))
		return MEANT("a network has its length behind it: 10.0.0.0/24");
	if (str_is(g->before, "with"))
		return MEANT("names are known without it");
	if (schema_row_any(g->first, ROW_ARROW))
		return MEANT("it has no `=`: %s", habit_form(g->first, "… -> …"));
	if (g->found == NAME && !g->attached && str_has(rest, '='))
		return MEANT("entries on one line have a `;` between them");
	if (row && row->type == T_PATH && str_has(rest, '='))
		return MEANT("entries on one line have a `;` between them");
	while (rest.n && (rest.s[rest.n - 1] == ' ' || rest.s[rest.n - 1] == '\t' || rest.s[rest.n - 1] == '\r'))
		rest.n--;
	if (rest.n <= 60 && !str_has(rest, '"') && !str_has(rest, '#') && !str_has(rest, '{'))
		return MEANT("text is written in quotes: \"%.*s\"", STR_ARG(rest));
	return MEANT("text is written in quotes");
}

/* from = /srv/TV Shows, mount /mnt/a,b -> /data */
static bool of_path(const struct guess *g)
{
	bool another = str_starts(g->found == LITERAL ? g->last : behind(g), STR("/")), comma = g->found == ',' && behind(g).n && (unsigned char)behind(g).s[0] > ' ';
	bool words = !another && (comma || g->found == NAME || g->found == LITERAL || g->found == NAME_BEGIN || is_reserved(g->found) || g->found == '(' || g->found == '[' || g->found == '-');
	bool option = g->found == NAME && (str_is(g->last, "ro") || str_is(g->last, "rw") || str_starts(g->last, STR("read"))) && str_is(g->first, "mount");
	bool path = !option && g->p->before == LITERAL && g->before.n && g->before.s[0] == '/' && g->n > 1 && !g->e->is[']'];
	struct str meant = path && words ? odd_path_meant(g->p, g->p->before_at.lo) : STR("");

	return meant.n ? MEANT("a path like this stands in quotes: %.*s", STR_ARG(meant)) : false;
}

/* Words of other tools. */
static bool of_habit(const struct guess *g)
{
	const char *habit = g->named ? habit_help(STR(""), g->first) : NULL;
	bool colon = g->n > 1 && g->h[1].token == ':';

	if (g->named && !g->p->depth && str_is(g->first, "from"))
		return MEANT("use std.NAME, or use \"./FILE.ctstack\" as NAME");
	if (g->n == 3 && g->found == '=' && (str_is(g->first, "var") || str_is(g->first, "local")))
		return MEANT("let NAME = value");
	if (habit && !(colon && g->e->is[LET]))
		return MEANT("%s", habit);
	if ((g->found == NAME && (str_is(g->last, "elif") || str_is(g->last, "elseif") || str_is(g->last, "elsif"))))
		return MEANT("write `else if`");
	return false;
}

/* 2 GiB, 1m 30s, 8000..8010/tcp, tcp/80, 10 / 2 */
static bool of_number(const struct guess *g)
{
	bool number = g->before.n && g->before.s[0] >= '0' && g->before.s[0] <= '9';
	bool path = g->found == LITERAL && g->last.s[0] == '/';

	if (g->found == DOTS && g->n && g->h[0].token != FOR && number)
		return MEANT("a range of ports is written 8000-8010/tcp, a list of numbers range(1, 3)");
	if (g->found == DOTS)
		return MEANT("a list of numbers is range(1, 3)");
	if (path && g->attached && (str_is(g->before, "tcp") || str_is(g->before, "udp") || str_is(g->before, "sctp")))
		return MEANT("the number stands first: %.*s/%.*s", (int)g->last.n - 1, g->last.s + 1, STR_ARG(g->before));
	if (path && g->attached && str_is(g->before, "std"))
		return MEANT("did you mean `std.%.*s`?", (int)g->last.n - 1, g->last.s + 1);
	if (path && g->e->is[SEP] && !g->attached && number)
		return MEANT("there is no division: div(%.*s, %.*s)", STR_ARG(g->before), STR_ARG(str_cut(str_cut(g->last.n > 1 ? (struct str){g->last.s + 1, g->last.n - 1} : skip_blanks(behind(g)), ' ', NULL), ';', NULL)));
	if (g->found == ',' && number && behind(g).n && behind(g).s[0] >= '0' && behind(g).s[0] <= '9' && g->e->is[SEP])
		return MEANT("a number has a point, 0.5, and `_` between digits, 1_000");
	if (!number || g->attached || (g->found != NAME && g->found != LITERAL))
		return false;
	struct str unit = g->found == NAME ? literal_unit(g->last) : g->last;
	bool quantity = g->found == LITERAL && g->last.s[0] >= '0' && g->last.s[0] <= '9' && literal_unit((struct str){g->last.s + g->last.n - 1, 1}).n;

	if (unit.n && (g->found == NAME || quantity) && !g->e->is[','])
		return MEANT("a number and its unit are one word: %.*s%.*s", STR_ARG(g->before), STR_ARG(unit));
	return false;
}

/* Comprehensions as others write them: [for x in …], [x if … for x in …], two `for`, `where`, none of the brackets, a bare computed name. */
static bool of_comprehension(const struct guess *g)
{
	bool list = g->e->is[']'], in_map = g->e->is['}'] && g->e->is[','];

	if (g->found == FOR && str_is(g->before, "["))
		return MEANT("what it makes stands before it: [x * 2 for x in LIST if x > 1]");
	if (g->found == FOR && list && !g->e->is[','])
		return MEANT("there is one `for` to a list: flatten([[x + y for y in B] for x in A])");
	if (g->found == FOR && in_map)
		return MEANT("the names that a map is made with are computed, in quotes: { \"${%.*s}\" = … for … }", STR_ARG(g->p->depth && g->n ? str_cut(str_cut(skip_blanks(behind(g)), ' ', NULL), ',', NULL) : STR("k")));
	if (g->found == FOR && g->e->is[')'])
		return MEANT("what a loop makes stands in brackets: [x for x in LIST]");
	if (g->found == FOR && g->e->is[SEP] && g->n > 2 && (g->h[0].token == LET || g->h[0].token == OUTPUT || g->h[1].token == '='))
		return MEANT("what a loop makes stands in brackets: [x * 2 for x in LIST]");
	if (g->found == IF && list && g->e->is[','] && memmem(behind(g).s, behind(g).n, " else ", 6))
		return MEANT("a choice begins with its condition: [if x > 1 then x else 0 for x in LIST]");
	if (g->found == IF && list && g->e->is[','])
		return MEANT("the condition stands behind the list: [x for x in LIST if x > 1]");
	if (g->found == NAME && list && !g->e->is[','] && (str_is(g->last, "where") || str_is(g->last, "when") || str_is(g->last, "unless")))
		return MEANT("its condition begins with `if`: [x for x in LIST if x > 1]");
	return false;
}

/* Expressions as others write them. */
static bool of_expression(const struct guess *g)
{
	if ((g->found == '[' || g->found == INDEX) && g->attached && g->p->before == LITERAL && str_has(g->before, '/'))
		return MEANT("a network that is written stands in brackets: (%.*s)%.*s", STR_ARG(g->before), STR_ARG(parser_line(g->p, g->p->last_at.lo)));
	if (g->found == '?' && (g->e->is[EQ] || g->e->is[AND]))
		return MEANT("as a value: if CONDITION then A else B");
	if (g->found == '{' && g->e->is[THEN])
		return MEANT("as a value: if CONDITION then A else B; an entry of its own has braces");
	if (g->found == THEN && g->e->is['{'] && g->n && g->h[0].token == IF)
		return MEANT("write: if CONDITION { … }");
	if (g->found == '.' && g->before.n && g->before.s[0] == '"' && str_has(behind(g), '('))
		return MEANT("a function stands before what it takes: NAME(%.*s)", STR_ARG(g->before));
	if ((g->found == '+' && str_is(g->before, "+")) || (g->found == '.' && g->before.n && g->before.s[0] == '"'))
		return MEANT("strings are put together in quotes: \"${a}${b}\"; lists with one `+`");
	if (g->found == '*' && str_is(g->before, "["))
		return MEANT("of each item: [x.NAME for x in LIST]");
	if (g->found == ':' && g->e->is[INTERP_END] && str_starts(behind(g), STR("-")))
		return MEANT("what is given from outside has its default there: input %.*s: string = \"…\"", STR_ARG(g->before));
	if (g->found == ':' && g->e->is[INTERP_END])
		return MEANT("a member stands behind a dot: %.*s.%.*s", STR_ARG(g->before), STR_ARG(str_cut(behind(g), '}', NULL)));
	if ((g->found == '<' || g->found == '>' || g->found == LE || g->found == GE || g->found == EQ || g->found == NE) && g->e->is[AND])
		return MEANT("comparisons do not chain: a < b and b < c");
	if (g->found == ARROW && g->e->is[')'])
		return MEANT("an arrow has no brackets around it");
	if (g->found == '*' && str_is(g->before, "*"))
		return MEANT("there are no powers; 2 * 2 * 2");
	if (g->found == LET && g->e->is[LITERAL])
		return MEANT("`let` is an entry of its own: its name is known everywhere in the body around");
	if (g->found == IF && g->e->is[SEP])
		return MEANT("as a value: if CONDITION then A else B");
	if (g->found == '>' && str_is(g->before, "<"))
		return MEANT("write `!=`");
	if (g->found == NAME && str_is(g->last, "mod") && g->e->is['%'])
		return MEANT("the rest of a division is `%%`");
	if (g->found == ',' && g->e->is['{'] && g->n && g->h[0].token == FOR)
		return MEANT("a list stands in brackets: for x in [1, 2] { … }");
	if (g->found == IN && g->e->is[SEP] && str_span(skip_blanks(behind(g)), "[\"0123456789"))
		return MEANT("whether it is in it: contains(%.*s, %.*s)", STR_ARG(skip_blanks(behind(g))), STR_ARG(g->n > 5 ? STR("…") : g->before));
	if (g->found == IN && g->e->is[SEP] && g->n && g->h[0].token == LET)
		return MEANT("`let` is an entry of its own: its name is known everywhere in the body around");
	if (g->found == SEP && str_is(g->before, "="))
		return str_starts(skip_blanks(parser_behind(g->p, g->p->pos)), STR("-")) ? MEANT("a list is written `[a, b]`") : MEANT("a value begins on the line of its `=`");
	if (g->found == SEP && g->e->is[ELSE] && !g->e->is[SEP])
		return MEANT("as a value: if CONDITION then A else B");
	if (g->found == ',' && str_is(g->before, ","))
		return MEANT("items have one `,` between them");
	if (g->e->is[','] && g->e->is[']'] && !g->attached && (is_value(g->found) || g->found == NAME))
		return MEANT("items have a `,` between them");
	if (g->found == '=' && g->e->is[EQ] && g->n > 2 && is_block(g) && g->h[1].token != '=')
		return MEANT("what a block holds stands in braces: %s", habit_form(g->first, "kind name { … }"));
	if (g->found == '=' && g->e->is[EQ])
		return MEANT("`=` gives a value, `==` compares");
	if (g->found == '(' && g->e->is[CALL])
		return MEANT("the `(` of a call stands directly behind the function's name");
	return false;
}

/* allow web <-> db, world:https, secret pw */
static bool of_arrow(const struct guess *g)
{
	const struct schema_row *row = g->named ? schema_row_any(g->first, ROW_ARROW) : NULL;
	bool block = g->named && kind_find(g->first) != KIND_COUNT && (g->found == '=' || g->found == ':');

	if (!row || block)
		return false;
	if (g->found == '<')
		return str_starts(behind(g), STR("->")) ? MEANT("an arrow leads one way: write two lines") : MEANT("an arrow leads from the left to the right: `->`");
	if (g->found == '*' && str_is(g->first, "publish"))
		return MEANT("a port alone is that of all addresses: publish 8080 -> web.http");
	if (g->found == '*')
		return MEANT("all containers of a subnet are its name: allow lan -> world:443/tcp");
	if (g->found == ',')
		return MEANT("one line each: for x in [a, b] { %.*s x -> … }", STR_ARG(g->first));
	if (g->found == NAME && (str_starts(g->last, STR("ro")) || str_starts(g->last, STR("read"))) && str_is(g->first, "mount"))
		return MEANT("what else is to be said of it stands in braces: mount /host/path -> /container/path { readonly = true }");
	if (g->found == ARROW && g->n > 1 && g->h[1].token == '=')
		return MEANT("it has no `=`: %s", habit_form(g->first, "… -> …"));
	if (g->found == ARROW && g->e->is[SEP])
		return MEANT("an arrow has two ends: one line for each pair");
	if (g->found == ':' && (str_is(g->before, "world") || str_is(g->before, "host")))
		return MEANT("a port of the %.*s is a number: %.*s:443/tcp", STR_ARG(g->before), STR_ARG(g->before));
	if (g->found == ':' && g->p->before == NAME)
		return MEANT("a port is named behind a dot: db.pg");
	if ((g->found == PLAIN || g->found == QUOTE_BEGIN) && g->e->is['{'] && schema_row_any(STR("doc"), ROW_FIELD) && !str_is(g->first, "mount") && !str_is(g->first, "moved"))
		return MEANT("why it is there stands in braces: { doc = %.*s }", STR_ARG(g->last));
	if (g->found == NOT && str_is(g->first, "expect"))
		return MEANT("what must not be is `deny`: expect deny%.*s", STR_ARG(behind(g)));
	if (g->found == IF)
		return MEANT("an end that is computed stands in brackets: %.*s (if … then … else …) -> …", STR_ARG(g->first));
	if (g->found == NAME_BEGIN && g->p->before == LITERAL && str_is(g->first, "publish"))
		return MEANT("a port is computed with numbers: publish (8080 + i) -> web-${i}.http");
	if ((g->found == '+' || g->found == '-') && g->e->is[ARROW])
		return MEANT("an end that is computed stands in brackets: publish (8080 + i) -> web-${i}.http");
	return g->e->is[ARROW] || g->n == 2 ? MEANT("%s", row->doc) : false;
}

/* Types, and the fields of a record. */
static bool of_type(const struct guess *g)
{
	bool declares = g->n > 1 && (g->h[0].token == INPUT || g->h[0].token == PARAM || g->h[0].token == LET || g->h[0].token == TYPE);
	bool lists = str_is(g->before, "list") || str_is(g->before, "map");

	if (g->found == '?' && g->e->is[MAP] && g->e->is['('])
		return MEANT("its `?` stands behind a type: %.*s?", STR_ARG(str_cut(str_cut(behind(g), ' ', NULL), ';', NULL)));
	if (declares && lists && (g->found == NAME || g->found == LITERAL))
		return MEANT("write: %.*s<%.*s>", STR_ARG(g->before), STR_ARG(g->last));
	if (declares && g->found == ',' && g->e->is[')'] && g->e->is[IN])
		return MEANT("several values of one are a record: { name: string, number: int }");
	if (declares && g->found == '=' && g->e->is[DOTS] && str_is(g->before, "]"))
		return MEANT("bounds have two dots between them: int in 1..5");
	if (declares && g->e->is[IN] && (g->found == GE || g->found == LE || g->found == '<' || g->found == '>'))
		return MEANT("bounds stand behind `in`: %.*s in 1..5", STR_ARG(g->before));
	if (declares && g->p->before == IN && (g->found == PLAIN || g->found == QUOTE_BEGIN))
		return MEANT("numbers, sizes and durations have bounds; of texts the allowed ones are named: \"a\" | \"b\"");
	if (g->found == '?' && g->e->is[':'])
		return MEANT("what may be left out has a `?` behind its type: %.*s: size?", STR_ARG(g->before));
	if (g->found == '=' && g->e->is[':'] && g->n && (g->h[0].token == INPUT || g->h[0].token == PARAM))
		return MEANT("it has a type: `%.*s %.*s: int = …`", STR_ARG(g->first), STR_ARG(g->before));
	if (g->found == '=' && g->e->is[':'] && !g->e->is['{'] && g->n && g->h[0].token == NAME)
		return MEANT("a field of a record has a type: %.*s: int", STR_ARG(g->before));
	if ((g->found == PLAIN || g->found == QUOTE_BEGIN || g->found == '[') && g->e->is[NAME] && g->e->is['}'] && !g->e->is[PLAIN])
		return MEANT("a field of a record is a bare name and a type: text: string");
	if (g->found == '[' && g->e->is[NAME] && g->e->is[PLAIN] && g->e->is['}'])
		return MEANT("a name that is computed stands in quotes: \"${name}\" = value");
	if (g->n > 1 && g->h[0].token == TYPE && (g->found == '(' || g->found == CALL || g->found == ','))
		return MEANT("words have a `|` between them: type NAME = a | b");
	if (g->n > 1 && (g->h[0].token == INPUT || g->h[0].token == PARAM) && (g->found == '(' || g->found == CALL) && g->e->is['?'])
		return MEANT("bounds stand behind `in`: %.*s in 1..5", STR_ARG(g->before));
	bool type = g->e->is[MAP] && g->e->is['('] && !g->e->is[LITERAL];
	if ((type && g->found == '[') || (g->e->is['?'] && (g->found == '[' || g->found == INDEX)) ||
	    (g->e->is['?'] && (g->found == '(' || g->found == CALL)))
		return MEANT("the type of a list is list<string>, that of a map map<string>");
	if (g->found == LITERAL && g->e->is[IN] && g->n && (g->h[0].token == INPUT || g->h[0].token == PARAM))
		return MEANT("bounds stand behind `in`: %.*s in 1..5", STR_ARG(g->before));
	if (g->found == ',' && g->e->is['>'] && !g->e->is[EQ])
		return MEANT("the names in a map are strings: map<%.*s> has such values", STR_ARG(str_cut(skip_blanks(behind(g)), '>', NULL)));
	if (g->found == NAME && str_is(g->last, "default") && g->n && (g->h[0].token == INPUT || g->h[0].token == PARAM))
		return MEANT("what it has by itself stands behind `=`: input NAME: TYPE = value");
	if (g->found == GE && g->e->is['>'])
		return MEANT("a blank belongs between the type's `>` and `=`");
	return false;
}

/* The first word of the line on which the body around was opened. */
static struct str body_word(const struct guess *g)
{
	size_t depth = g->p->depth + (g->found == '}'); /* of which the newest token may be the end */
	uint32_t i = depth ? g->p->open[depth].at.lo - g->p->base : 0;
	struct str word = {g->p->text.s + i, 0};

	while (i > 0 && (g->p->text.s[i - 1] == ' ' || g->p->text.s[i - 1] == '\t'))
		i--;
	for (; i > 0 && ((g->p->text.s[i - 1] >= 'a' && g->p->text.s[i - 1] <= 'z') || g->p->text.s[i - 1] == '-'); i--, word.n++)
		word.s = g->p->text.s + i - 1;
	return word;
}

/* Entries of other forms: name: value, name == value, name value, kind name = value, kind a b { */
static bool of_entry(const struct guess *g)
{
	int second = g->n > 1 ? g->h[1].token : 0;
	bool starts = g->named && !g->e->is[LET];

	if (g->found == '.' && g->n == 2 && g->e->is['='] && is_block(g))
		return MEANT("what is in a block stands in its braces: %s", habit_form(g->first, str_fmt(g->p->arena, "%.*s { … }", STR_ARG(g->first)).s));
	if (g->found == '.' && g->n == 2 && g->e->is['='] && schema_row_any(g->first, ROW_FIELD))
		return MEANT("a field is written `%.*s = value`", STR_ARG(g->first));
	if (g->found == '{' && g->n == 4 && second == NAME && g->h[2].token == '.' && is_block(g))
		return MEANT("a name has no dots in it: %.*s-%.*s", STR_ARG(parser_text(g->p, g->h[1].at)), STR_ARG(g->before));
	if (g->found == '{' && g->n == 2 && g->e->is['='] && !g->e->is['{'])
		return MEANT("in a map a name has a value: %.*s = { … }", STR_ARG(g->first));
	if ((str_is(g->before, "extends") || str_is(g->before, "from")) && g->found == NAME && g->n >= 3 && is_block(g))
		return MEANT("its template stands behind a colon: %.*s NAME : %.*s%.*s { … }", STR_ARG(g->first), STR_ARG(g->last), STR_ARG(str_cut(str_cut(behind(g), ' ', NULL), '{', NULL)));
	if ((g->found == '(' || g->found == CALL) && g->n >= 3 && g->named && (second == ':' || g->h[2].token == ':' || (second == NAME_BEGIN && g->e->is['{'])))
		return MEANT("parameters are given in the block: { %s }", "NAME = value");
	if (g->found == '.' && g->n == 2 && g->e->is['='] && schema_row_any(body_word(g), ROW_MAP))
		return MEANT("a name with dots stands in quotes: \"%.*s.%.*s\" = value", STR_ARG(g->first), STR_ARG(str_cut(str_cut(behind(g), ' ', NULL), '=', NULL)));
	if (g->found == '.' && g->n == 2 && g->e->is['='])
		return MEANT("what is in a block stands in its braces: %.*s { … }", STR_ARG(g->first));
	if (str_is(g->first, "defaults") && g->found == '{')
		return MEANT("they are for all of a kind: defaults container { … }");
	if (g->named && g->n == 3 && g->found == '+' && is_block(g))
		return MEANT("a value stands in a name as ${…}: %.*s web-${i} { … }", STR_ARG(g->first));
	if (g->named && g->n == 3 && second == NAME && g->found == '=' && is_block(g))
		return MEANT("a block has no `=`: %s", habit_form(g->first, "kind name { … }"));
	if (g->named && second == '[' && is_block(g))
		return MEANT("write: %s", habit_form(g->first, "kind { … }"));
	if (g->named && g->n >= 3 && g->h[2].token == LITERAL && second == NAME && is_block(g) && !schema_row_any(g->first, ROW_ARROW))
		return MEANT("write: %s", habit_form(g->first, str_fmt(g->p->arena, "%.*s NAME { … }", STR_ARG(g->first)).s));
	if (g->named && (second == TRUE || second == FALSE || second == NONE) && is_block(g))
		return MEANT("`%.*s` is a reserved word, and no name", STR_ARG(parser_text(g->p, g->h[1].at)));
	if (g->named && is_value(second) && is_block(g) && !(second == PLAIN && (g->found == '{' || g->found == ':')))
		return MEANT("%s: %s", second == LITERAL ? "a name begins with a letter" : "write", habit_form(g->first, "kind name { … }"));
	if (starts && g->n == 4 && g->h[2].token == ':' && g->h[3].token == g->found && (g->found == SEP || g->found == '{') && is_block(g))
		return MEANT("a block stands in braces, without a `:`: %s", habit_form(g->first, "kind name { … }"));
	if (starts && second == NAME_BEGIN && g->found == SEP && g->e->is['{'] && is_block(g))
		return MEANT("a block stands in braces: %.*s NAME : TEMPLATE { … }", STR_ARG(g->first));
	if (starts && g->n == 4 && g->h[2].token == ':' && g->found == SEP && g->e->is['{'] && is_block(g))
		return MEANT("a block stands in braces: %.*s NAME : TEMPLATE { … }", STR_ARG(g->first));
	if (starts && second == ':' && is_block(g))
		return MEANT("a block has no `:`: %s", habit_form(g->first, "kind { … }"));
	if (g->n > 1 && g->h[0].token == PLAIN && second == ':')
		return MEANT("a field is written `name = value`, without quotes around the name");
	if (starts && second == ':')
		return MEANT("a field is written `%.*s = value`", STR_ARG(g->first));
	if (g->named && second == EQ)
		return MEANT("`=` gives a value, `==` compares");
	if (g->named && g->n == 3 && is_value(second) && ends_entry(g->found))
		return MEANT("a field is written `%.*s = value`", STR_ARG(g->first));
	if (g->named && g->n == 3 && second == NAME && ends_entry(g->found) && is_block(g))
		return MEANT("the `{` of a block stands on its line: %s", habit_form(g->first, "kind name { … }"));
	if (g->named && g->n == 3 && second == NAME && ends_entry(g->found))
		return MEANT("a field is written `%.*s = value`, a block `kind name { … }`", STR_ARG(g->first));
	if (g->named && second != '=' && schema_row_any(g->first, ROW_FIELD) && !schema_row_any(g->first, ROW_ARROW) && !is_block(g))
		return MEANT("a field is written `%.*s = value`", STR_ARG(g->first));
	if ((g->found == '{' || g->found == ':') && g->n == 4 && g->h[0].token == NAME && second == NAME && g->h[2].token == NAME)
		return MEANT("a block has a kind and one name: `%.*s name {`", STR_ARG(g->first));
	return false;
}

/* A word that begins an entry, misspelled: parm token: string */
static bool of_slip(const struct guess *g)
{
	static const char *const words[] = {"param", "input", "output", "let", "template", "type", "assert", "use"};
	struct near near = near_start(g->first);

	if (!g->named || g->n < 3 || g->h[1].token != NAME || is_block(g) || schema_row_any(g->first, ROW_ARROW))
		return false;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		near_offer(&near, str_of(words[i]));
	return near.best.n ? MEANT("did you mean `%.*s`?", STR_ARG(near.best)) : false;
}

static bool of_line(const struct guess *g)
{
	bool closed = g->p->before == '}' || (g->p->before == PLAIN && g->n > 2 && g->h[1].token == '=');
	if (closed && g->e->is[SEP] && (g->found == NAME || is_reserved(g->found)))
		return MEANT("entries on one line have a `;` between them");
	if (g->n > 1 && g->h[0].token == ASSERT && g->found == ',' && g->e->is[')'])
		return MEANT("there are no brackets around both: assert CONDITION, \"message\"");
	if (g->n > 1 && g->h[0].token == ASSERT && (g->found == PLAIN || g->found == QUOTE_BEGIN) && g->e->is[','])
		return MEANT("a `,` stands before the message");
	if (g->n > 1 && g->h[0].token == ASSERT && g->found == ':' && g->e->is[','])
		return MEANT("a `,` stands before the message, and no `:`");
	if (g->n > 1 && g->h[0].token == OUTPUT && (g->found == PLAIN || g->found == QUOTE_BEGIN) && g->e->is[SEP])
		return MEANT("an output has no text of its own; what is to be said of it is a comment: # …");
	if (g->n > 1 && g->h[0].token == USE && str_is(g->before, "as") && g->found == PLAIN)
		return MEANT("a name has no quotes: as %.*s", (int)g->last.n - 2, g->last.s + 1);
	if (g->n == 3 && g->h[0].token == USE && g->found == NAME && str_is(g->last, "from"))
		return MEANT("use%.*s as %.*s", STR_ARG(behind(g)), STR_ARG(g->before));
	if (g->n > 1 && g->h[0].token == USE && g->found == '*')
		return MEANT("one line for each: use std.ml");
	bool computed = g->found == LITERAL && g->last.s[0] == '/' && g->p->before == TEXT_END && g->attached;
	struct str text = computed ? text_before(g) : STR(""), number = text_computed(text);
	if (computed && (str_is(g->last, "/tcp") || str_is(g->last, "/udp") || str_is(g->last, "/sctp")))
		return MEANT("a port is computed: port(%.*s, \"%.*s\")", STR_ARG(number.n ? number : STR("…")), (int)g->last.n - 1, g->last.s + 1);
	if (computed)
		return MEANT("a text is a path, too: \"%.*s%.*s\"", STR_ARG(text.n ? text : STR("…")), STR_ARG(g->last));
	if (g->n > 1 && g->h[0].token == PARAM && g->found == NAME_BEGIN)
		return MEANT("a parameter's name is not computed");
	if (g->n > 1 && g->h[0].token == TEMPLATE && (g->found == '(' || g->found == CALL))
		return MEANT("parameters stand in the body: param tag: string");
	if (g->found == '.' && g->n && g->h[0].token == USE && g->e->is[SEP])
		return MEANT("a name has no dots in it");
	if (g->n == 1 && g->found == '-' && str_starts(behind(g), STR("-")))
		return MEANT("a comment begins with `#`");
	if (g->n == 1 && g->found == '-')
		return MEANT("a list is written `[a, b]`");
	if (g->n == 1 && g->found == LITERAL && schema_row_any(body_word(g), ROW_MAP))
		return MEANT("each has a name: %s", habit_form(body_word(g), "name = value"));
	if (g->n == 2 && g->h[0].token == PLAIN && g->e->is['='] && schema_row_any(body_word(g), ROW_MAP))
		return MEANT("each has a name: %s", habit_form(body_word(g), "name = value"));
	if (g->n == 1 && g->found == ELSE)
		return MEANT("`else` stands on the line of the `}` before it");
	if (g->n == 1 && (g->found == '{' || g->found == '['))
		return MEANT("a block begins with its kind, on the same line: `container web {`");
	if (g->found == ',' && g->e->is[SEP] && str_is(g->p->ast->source->path, "--set"))
		return MEANT("a list is written [\"a\", \"b\"], within quotes of the shell");
	const struct schema_row *items = g->named && g->h[1].token == '=' ? schema_row_any(g->first, ROW_FIELD) : NULL;
	if (g->found == ',' && g->e->is[SEP] && items && (items->type == T_STRINGS || items->type == T_CONTAINERREFS || items->type == T_SECRETREFS || items->type == T_PROXYREFS))
		return MEANT("a list stands in brackets: %.*s = [%.*s, …]", STR_ARG(g->first), STR_ARG(g->before));
	if (g->found == ',' && g->e->is[SEP] && g->n && g->h[0].token == USE)
		return MEANT("one line each: use std.NAME");
	if (g->found == ',' && g->e->is[SEP])
		return MEANT("an entry ends with its line: leave the comma out");
	if (is_reserved(g->found) && g->e->is[NAME])
		return MEANT("`%.*s` is a reserved word", STR_ARG(g->last));
	const struct schema_row *row = g->named && g->h[1].token == '=' ? schema_row_any(g->first, ROW_FIELD) : NULL;
	if (row && row->type == T_STRINGS && !ends_entry(g->found) && g->e->is[SEP])
		return MEANT("texts stand in a list: %.*s = [\"…\", \"…\"]", STR_ARG(g->first));
	if (g->named && g->h[1].token == '=' && g->n >= 3 && (g->h[2].token == NAME || g->h[2].token == LITERAL) && !ends_entry(g->found) &&
	    (g->attached || g->found == NAME || g->found == LITERAL))
		return quotes(g);
	return false;
}

/* domain = home.arpa": the quote that is there is the last one. */
static bool of_quote(const struct guess *g)
{
	bool string = g->found == QUOTE_BEGIN || g->found == PLAIN;

	if (g->attached && g->p->before == PLAIN && g->found == NAME)
		return MEANT("one `\"` is missing, or one too many: within a text it is written `\\\"`");
	if (string && g->attached && g->before.n == 1 && g->p->before == NAME)
		return MEANT("no letter stands before a text; the value of a name stands in it as ${name}");
	if (!string || !g->attached || g->p->before == CALL || g->p->before == '(' || g->p->before == '[')
		return false;
	return MEANT("the text before it has no `\"` where it begins");
}

/* How an entry with a word of its own is written. */
static bool of_keyword(const struct guess *g)
{
	static const struct {
		int token;
		const char *form;
	} forms[] = {
		{LET, "let NAME = value"}, {INPUT, "input NAME: TYPE = value"}, {OUTPUT, "output NAME = value"}, {PARAM, "param NAME: TYPE = value"}, {TYPE, "type NAME = TYPE"},
		{TEMPLATE, "template NAME : container { … }, with param NAME: TYPE in its body"}, {USE, "use std.NAME, or use \"./FILE.ctstack\" as NAME"},
		{FOR, "for NAME in LIST { … }"}, {IF, "if CONDITION { … }"}, {ASSERT, "assert CONDITION, \"message\""},
	};

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		if (g->n > 1 && g->h[0].token == forms[i].token && ((g->n < 4 && !g->e->is[EQ]) || (g->e->is['{'] && (g->found == ':' || g->found == NAME || g->found == SEP))))
			return MEANT("write: %s", forms[i].form);
	return false;
}

void meant_help(struct parser *p, struct diag *d, const struct expected *e)
{
	static bool (*const guesses[])(const struct guess *g) = {of_quote, of_habit, of_path, of_number, of_type, of_comprehension, of_expression, of_arrow, of_entry, of_slip, of_line, of_keyword};
	struct guess g = {.p = p, .d = d, .e = e, .h = p->head, .n = p->nhead, .found = p->last, .before = parser_shown(p, p->before_at), .last = parser_shown(p, p->last_at)};

	g.first = g.n ? parser_shown(p, g.h[0].at) : STR("");
	g.named = g.n > 1 && g.h[0].token == NAME;
	g.attached = p->before_at.hi == p->last_at.lo;
	for (size_t i = 0; i < sizeof guesses / sizeof guesses[0]; i++)
		if (guesses[i](&g))
			return;
}
