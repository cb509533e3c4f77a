/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Completion, see complete.h. Each command is run as far as its options, which every command reads first: there its table of options is at hand. What its operands are is what commands.def says of them for
 * people, so that the words in capitals have one meaning each (operands). */
#include "runtime/cli/complete.h"

#include "compiler/stdlib.h"
#include "lang/ast.h"
#include "lang/base/cleanup.h"
#include "lang/base/map.h"
#include "lang/schema.h"
#include "runtime/cli/session.h"
#include "runtime/cli/shortcut.h"

struct asking {
	const char *word;	/* as far as it was typed */
	const char *before;	/* what stands in front of what is offered: "--format=" */
	const char *container;	/* the operand before it */
	struct buf *out;
};

static void offer(const struct asking *q, struct str word, const char *doc)
{
	size_t n = strlen(q->before);

	if (strncmp(q->word, q->before, n) != 0 || !str_starts(word, str_of(q->word + n)))
		return;
	buf_fmt(q->out, "%s%.*s%s%s\n", q->before, STR_ARG(word), doc ? "\t" : "", doc ? doc : "");
}

static void offer_files(const struct asking *q, const char *pattern)
{
	if (!*q->before)
		buf_fmt(q->out, "%s\n", pattern);
}

/* ---- the words of operands and values ---- */

static void sources(const struct asking *q)
{
	offer_files(q, "*.ctstack");
}

static void plans(const struct asking *q)
{
	offer_files(q, "*.ctplan");
}

static void files(const struct asking *q)
{
	offer_files(q, "*");
}

static void codes(const struct asking *q)
{
	for (int i = 0; i < DIAG_COUNT; i++) {
		offer(q, str_of(diag_infos[i].code), DIAG_NAME((enum diag_code)i).s);
		offer(q, DIAG_NAME((enum diag_code)i), diag_infos[i].code);
	}
}

static void lints(const struct asking *q)
{
	for (int i = 0; i < DIAG_COUNT; i++)
		if (diag_infos[i].code[0] == 'W')
			offer(q, DIAG_NAME((enum diag_code)i), diag_infos[i].code);
}

/* A kind, and behind its point what it has; and a field alone, of whichever kinds, once something is typed: there are hundreds. */
static void kinds_of_blocks(const struct asking *q)
{
	_arena_ struct arena a = {0};
	struct map said = {0};

	for (unsigned k = 0; k < KIND_COUNT; k++) {
		if (!schema_kinds[k].word.n)
			continue;
		offer(q, schema_kinds[k].word, "a kind of block");
		map_set(&a, &said, schema_kinds[k].word, &said);
		for (size_t i = 0; i < schema_kinds[k].nrows; i++) {
			struct str field = schema_kinds[k].rows[i].name;

			if (strchr(q->word, '.'))
				offer(q, STR_JOIN(&a, schema_kinds[k].word, STR("."), field), NULL);
			else if (*q->word && !map_get(&said, field))
				offer(q, field, NULL);
			map_set(&a, &said, field, &said);
		}
	}
}

/* A module, and behind its point its templates. */
static void modules(const struct asking *q)
{
	_arena_ struct arena a = {0};

	for (const struct stdlib_module *m = stdlib_modules; m->name; m++) {
		struct str name = str_fmt(&a, "std.%s", m->name), point = STR_JOIN(&a, name, STR("."));
		struct sources texts = {.arena = &a};
		struct diags unsaid = {.arena = &a, .sources = &texts};

		offer(q, name, "a module of the standard library");
		if (!str_starts(str_of(q->word), point))
			continue;
		struct source *text = source_add(&texts, name, (struct str){m->begin, (size_t)(m->end - m->begin)});
		const struct ast *ast = text ? parse(&a, &unsaid, text) : NULL;
		for (const struct entry *e = ast ? ast->entries.first : NULL; e; e = e->next)
			if (e->kind == EN_TEMPLATE)
				offer(q, STR_JOIN(&a, point, entry_word(e).text), NULL);
	}
}

static void commands(const struct asking *q)
{
	for (const struct cli_command *k = cli_commands; k->name; k++)
		offer(q, str_of(k->name), k->doc);
}

/* ---- what is on this host: nothing where it cannot be seen ---- */

static void on_host(const struct asking *q, void (*view)(const struct asking *q, struct session *s))
{
	struct session s;
	struct err unseen;

	session_begin(&s);
	if (session_look(&s, &unseen) == 0)
		view(q, &s);
	session_end(&s);
}

static void view_stacks(const struct asking *q, struct session *s)
{
	const struct res_stack *k;

	manifest_each(stack, k, &s->recorded)
		offer(q, k->res.id, NULL);
}

static void view_containers(const struct asking *q, struct session *s)
{
	const struct res_container *k;

	manifest_each(container, k, &s->recorded)
		offer(q, k->res.id, NULL);
}

static void view_ends(const struct asking *q, struct session *s)
{
	const struct res_subnet *k;

	view_containers(q, s);
	manifest_each(subnet, k, &s->recorded)
		offer(q, k->res.id, NULL);
}

static void view_generations(const struct asking *q, struct session *s)
{
	uint32_t *all;
	size_t n = 0;
	struct err unread;

	if (s->store.state_fd < 0 || store_list(&s->store, &s->arena, &all, &n, &unread) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		offer(q, str_fmt(&s->arena, "%u", all[i]), NULL);
}

static void view_shortcuts(const struct asking *q, struct session *s)
{
	const struct res_container *k = q->container ? (const struct res_container *)manifest_find(&s->recorded, RES_container, str_of(q->container)) : NULL;

	for (size_t i = 0; k && i < k->shortcuts.n; i++) {
		struct shortcut one;

		if (shortcut_read(&s->arena, k->shortcuts.at[i], &one))
			offer(q, one.name, NULL);
	}
}

static void stacks(const struct asking *q)
{
	on_host(q, view_stacks);
}

static void containers(const struct asking *q)
{
	on_host(q, view_containers);
}

static void stacks_and_containers(const struct asking *q)
{
	on_host(q, view_stacks);
	on_host(q, view_containers);
}

static void ends(const struct asking *q)
{
	offer(q, STR("world"), NULL);
	offer(q, STR("host"), NULL);
	on_host(q, view_ends);
}

static void generations(const struct asking *q)
{
	on_host(q, view_generations);
}

static void shortcuts(const struct asking *q)
{
	on_host(q, view_shortcuts);
}

/* Sorted by nothing but what belongs together. A word that is none of these, and not in small letters, is for nobody to guess. */
static const struct {
	const char *word;
	void (*offer)(const struct asking *q);
} operands[] = {
	{"FILE", sources},	 {"PLAN.ctplan", plans},	       {"FILE.ctplan", plans},
	{"DIR", files},		 {"DIRECTORY", files},		       {"PATH", files},
	{"CODE", codes},	 {"LINT", lints},		       {"COMMAND", commands},
	{"KIND[.FIELD]", kinds_of_blocks}, {"std.MODULE[.TEMPLATE]", modules},
	{"STACK", stacks},	 {"STACK.CONTAINER", containers},      {"STACK[.CONTAINER]", stacks_and_containers},
	{"FROM", ends},		 {"TO", ends},			       {"GENERATION", generations},
	{"SHORTCUT", shortcuts},
};

/* "FILE", "bash": a word of commands.def or of a table of options. */
static void offer_meant(const struct asking *q, struct str word)
{
	for (size_t i = 0; i < sizeof operands / sizeof operands[0]; i++)
		if (str_is(word, operands[i].word)) {
			operands[i].offer(q);
			return;
		}
	for (size_t i = 0; i < word.n; i++)
		if (!(word.s[i] >= 'a' && word.s[i] <= 'z') && (word.s[i] != '-' || i == 0))
			return;
	offer(q, word, NULL);
}

/* "bash|zsh|fish" */
static void offer_each(const struct asking *q, struct str words)
{
	while (words.n)
		offer_meant(q, str_cut(words, '|', &words));
}

/* "[STACK[.CONTAINER]…]": STACK[.CONTAINER]. What is optional is in brackets, and what may come again has the sign for it. */
static struct str bare(struct str word, bool *ret_again)
{
	const struct str again = STR("…");

	while (word.n && word.s[0] == '[')
		word = (struct str){word.s + 1, word.n - 1};
	for (;;) {
		size_t open = 0, closed = 0;

		for (size_t i = 0; i < word.n; i++) {
			open += word.s[i] == '[';
			closed += word.s[i] == ']';
		}
		if (closed > open && word.s[word.n - 1] == ']') {
			word.n--;
		} else if (str_ends(word, again)) {
			word.n -= again.n;
			*ret_again = true;
		} else {
			return word;
		}
	}
}

/* Of "FROM TO [FILE…]" the one at the place `at`, with all that may stand there instead ("A | B"); the last one again where it may come again. */
static void offer_operand(const struct asking *q, const char *arguments, int at)
{
	struct str rest = str_of(arguments);
	bool again = false;
	int place = 0;

	for (struct str word; rest.n; place++) {
		do {
			word = bare(str_cut(rest, ' ', &rest), &again);
			if (str_is(word, "--"))
				return;
			if (place == at || (again && place < at))
				offer_each(q, word);
			if (str_starts(rest, STR("| ")))
				rest = (struct str){rest.s + 2, rest.n - 2};
			else if (!str_starts(word, STR("--"))) /* an option: what it takes stands in its place */
				break;
		} while (rest.n);
	}
}

/* ---- a command line ---- */

static const struct cli_option *option_of(const struct cli_option *options, const char *word)
{
	struct str name;

	if (word[0] != '-' || !word[1])
		return NULL;
	name = word[1] == '-' ? str_cut(str_of(word + 2), '=', NULL) : str_of(word + 1);
	for (const struct cli_option *o = options; o->name; o++)
		if (word[1] == '-' ? str_is(name, o->name) : (o->letter && name.n == 1 && name.s[0] == o->letter))
			return o;
	return NULL;
}

static void offer_value(const struct asking *q, const struct cli_option *o)
{
	for (size_t i = 0; o->kind == CLI_WORD && o->words[i]; i++)
		offer(q, str_of(o->words[i]), NULL);
	if (o->kind != CLI_WORD && o->value)
		offer_each(q, str_of(o->value));
}

static void offer_options(const struct asking *q, const struct cli_option *options)
{
	_arena_ struct arena a = {0};

	for (const struct cli_option *o = options; o->name; o++)
		offer(q, str_fmt(&a, "--%s", o->name), o->doc);
	offer(q, STR("--help"), "print what it does");
}

void complete_arguments(const struct cli *c, const struct cli_option *options, int argc, char **argv)
{
	struct asking q = {.word = argv[argc - 1], .before = "", .out = c->completes};
	const struct cli_option *value_of = NULL;
	int operand = 0;

	for (int i = 1; i < argc - 1; i++) {
		const struct cli_option *o = value_of ? NULL : option_of(options, argv[i]);

		if (strcmp(argv[i], "--") == 0 || (c->before_command && operand == c->before_command))
			return; /* what stands behind it is another program's */
		/* bash takes "--format=json" for three words */
		if (strcmp(argv[i], "=") == 0 && i > 1 && option_of(options, argv[i - 1])) {
			value_of = option_of(options, argv[i - 1]);
			continue;
		}
		if (!value_of && !o) {
			q.container = argv[i];
			operand++;
		}
		value_of = o && o->kind != CLI_FLAG && !strchr(argv[i], '=') ? o : NULL;
	}
	if (strcmp(q.word, "=") == 0) {
		q.word = "";
		value_of = argc > 2 ? option_of(options, argv[argc - 2]) : NULL;
	}
	if (c->before_command && operand == c->before_command)
		return;
	const struct cli_option *own = option_of(options, q.word);
	const char *equals = strchr(q.word, '=');
	if (value_of) {
		offer_value(&q, value_of);
	} else if (own && equals && q.word[1] == '-') {
		_arena_ struct arena a = {0};

		q.before = str_fmt(&a, "%.*s", (int)(equals + 1 - q.word), q.word).s;
		offer_value(&q, own);
	} else if (q.word[0] == '-') {
		offer_options(&q, options);
	} else {
		offer_operand(&q, c->command->arguments, operand);
	}
}

void complete(int n, char **words, struct buf *out)
{
	const struct asking q = {.word = n ? words[n - 1] : "", .before = "", .out = out};

	if (n < 2) {
		commands(&q);
		return;
	}
	for (const struct cli_command *k = cli_commands; k->name; k++) {
		struct cli c = {.command = k, .completes = out};

		if (strcmp(k->name, words[0]) == 0)
			k->run(&c, n, words);
	}
}
