/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the lexer, the layout layer, the grammar and the constructors share; nobody else includes it.
 *
 *	lexer.l		bytes -> raw tokens; literals become nodes at once (literal.c); what is no token is said (odd.c)
 *	layout.c	raw tokens -> tokens of the grammar: separators, balanced brackets, skipping after a mistake
 *	grammar.y	tokens -> constructor calls (parse_expr.c, parse_entry.c, text.c)
 *	between.c	what other languages put between entries
 *	expected.c	what a syntax error says
 */
#ifndef CTC_LANG_PARSE_H
#define CTC_LANG_PARSE_H

#include "lang/ast.h"

enum {
	NEST_MAX = 200,
	ENTRIES_MAX = 1000000,
	STRING_MAX = 1 << 20,
	BAD_RUNS_MAX = 3,	/* places with bytes that no text has, until the file counts as no text at all */
};

/* What is open at a place, innermost last. */
enum context {
	CX_TOP,		/* nothing: the top level of the file */
	CX_BRACE,	/* { */
	CX_PAREN,	/* ( */
	CX_SQUARE,	/* [ */
	CX_STRING,	/* "…, closed by " or, wrongly, by the end of the line */
	CX_LINES,	/* """… */
	CX_NAME,	/* worker-${i}: ends by itself */
	CX_INTERP,	/* ${ within one of the last three */
};

struct open {
	enum context what;
	bool in_bracket;	/* a brace within brackets: a map or a record for certain */
	bool said;		/* of a block that is written as a value, `ports = {`: that it is none */
	bool is_value;		/* a brace behind `=`: a map or a record */
	bool square;		/* a block that a `[` opens, of which that was said */
	bool is_body;		/* a brace behind a name or a value: a block's */
	struct span assigned;	/* its entry's first word, or {0,0} */
	struct span word;	/* of a brace behind one word: that, or {0,0} */
	struct span at;		/* of the opening token */
	struct arena_mark begin;	/* of a body's brace: what was made before the first token behind it */
};

/* The first tokens of the entry at hand, for guesses at what was meant. */
enum { HEAD_MAX = 4 };
struct head_token {
	int token;
	struct span at;
};

/* Who hears each token that the grammar is given, when it is given: the formatter. Comments that stand before it are in the tree then. Nothing is heard any more once there
 * is a mistake. Entries that were heard are not kept. */
struct listener {
	void (*hear)(struct listener *l, const struct ast *ast, int token, struct span at);
};

/* A list of entries under way. */
struct entry_run {
	struct entry *first, *last;
};

/* What a token or a part of the grammar comes to. */
union value {
	struct expr *expr;
	struct expr_list exprs;
	struct entry *entry;
	struct entry_run entries;
	struct type_expr *type;
	struct loop *loop;
	struct port port;
};

struct parser {
	struct listener *listener;	/* or NULL */
	struct arena *arena;		/* of what entries are made of */
	struct arena *kept;		/* of the tree, its comments, and what is lost */
	struct diags *diags;
	struct ast *ast;
	struct str text;
	uint32_t base;
	uint32_t pos;			/* end of the newest raw token */
	void *scanner;
	size_t fed;			/* so much of the text the scanner has */
	size_t blank;			/* what of it stands before that, it has as blanks, from where it was when it was told so */

	struct open open[NEST_MAX + 1];	/* open[0] is CX_TOP */
	size_t depth;			/* open[depth] is the innermost */
	size_t one_line;		/* how many of them must end with the line (CX_STRING, CX_NAME) */
	size_t close_to;		/* above this depth everything is being closed by tokens that are not in the text */
	bool closing;
	int held;			/* a raw token that waits for that, or 0 */
	struct span held_at;
	struct open odd;		/* the first brace whose closing brace is indented otherwise, and that brace */
	struct span odd_close;
	struct span behind;		/* the first brace that closes a block of an earlier line, which goes on by its indentation, and stands behind something */

	int last;			/* the newest token that the grammar was given, and where it is */
	struct span last_at;
	int before;			/* not when quick: the one before it */
	struct span before_at;
	struct head_token head[HEAD_MAX];	/* not when quick */
	size_t nhead;
	bool skipping;			/* after a syntax error, until the entry's end */
	size_t skip_depth;
	bool made_up;			/* the newest token is not in the text: no word about it */
	size_t errors_before;		/* diags->errors when the entry began */
	struct diag *said;		/* the newest syntax error, */
	bool said_bodied;		/* in an entry that may have a body, */
	bool brace_said;		/* and that a brace is wrong after one */
	bool quick;			/* the first syntax error ends it, and is not said */
	bool failed;			/* it did */
	bool stopped;			/* a limit was passed: the rest is not read */
	bool said_deep;
	bool no_yaml;			/* it was looked for YAML already, and is none */
	uint32_t late_brace;		/* a `{` of which something was said on the line above; 0: none */
	struct diag *comma, *colon;	/* what was said of the first comma between entries, and of the first colon in the place of a `=` */
	size_t lets;			/* one more than the depth of the body in which names stand below a `let` of their own; 0: none */
	bool endless;			/* a text of several lines, as others write it, has no end */
	size_t muted;			/* depth of braces in whose bodies nothing is said, since they are no block's; 0: none */
	size_t entries;
};

static inline struct str parser_text(const struct parser *p, struct span at)
{
	return (struct str){p->text.s + (at.lo - p->base), at.hi - at.lo};
}
/* The same, cut for a message. */
struct str parser_shown(const struct parser *p, struct span at);

/* parse(), and where there is a listener it hears the tokens; then the tree has no entries. */
struct ast *parse_heard(struct arena *a, struct diags *d, struct source *source, struct listener *listener);

static inline bool is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* What follows blanks. */
static inline struct str skip_blanks(struct str s)
{
	while (s.n && (s.s[0] == ' ' || s.s[0] == '\t' || s.s[0] == '\r'))
		s = (struct str){s.s + 1, s.n - 1};
	return s;
}

static inline struct ident ident_of(const struct parser *p, struct span at)
{
	return (struct ident){parser_text(p, at), at};
}

/* Of a name that may be absent. */
static inline struct ident ident_if(const struct parser *p, struct span at)
{
	return at.lo ? ident_of(p, at) : (struct ident){0};
}

/* The text behind a place. */
static inline struct str parser_behind(const struct parser *p, uint32_t at)
{
	return (struct str){p->text.s + (at - p->base), p->text.n - (at - p->base)};
}

/* That on its line, as much of it as is looked at and shown: a text of one line has as many mistakes as another, and what is said of one must not be as long as all that is behind it. */
enum { LINE_MAX_SHOWN = 160 };
static inline struct str parser_line(const struct parser *p, uint32_t at)
{
	struct str line = parser_behind(p, at);

	if (line.n > LINE_MAX_SHOWN) {
		line.n = LINE_MAX_SHOWN;
		while (line.n && ((unsigned char)line.s[line.n] & 0xc0) == 0x80)
			line.n--;
	}
	return str_cut(line, '\n', NULL);
}

static inline enum context parser_context(const struct parser *p)
{
	return p->open[p->depth].what;
}

struct expr *expr_new(struct parser *p, enum expr_kind kind, struct span at);
/* What an interpolated string (or name) comes to: EX_STRING (EX_NAME) where there is nothing interpolated. */
struct expr *expr_text(struct parser *p, struct span at, struct expr_list parts, bool is_name);

/* text.c: is it text at all? False: it was said, do not read on. */
bool text_check(struct parser *p);
/* Strings and names with parts. raw: parts of text_raw, and interpolated expressions. */
struct expr *text_finish(struct parser *p, struct span at, struct expr_list raw, enum context kind);
struct expr *text_raw(struct parser *p, struct span at);
struct expr *text_plain(struct parser *p, struct span at);	/* "…" without escapes and interpolation, quotes included */
struct str text_comment_above(struct parser *p, struct span at);

/* literal.c: at is the token. They say what is wrong and return EX_BAD then. */
struct expr *literal_int(struct parser *p, struct span at);
struct expr *literal_float(struct parser *p, struct span at);
struct expr *literal_percent(struct parser *p, struct span at);
struct expr *literal_quantity(struct parser *p, struct span at);
struct expr *literal_ip(struct parser *p, struct span at);
struct expr *literal_cidr(struct parser *p, struct span at);
struct expr *literal_mac(struct parser *p, struct span at);
struct expr *literal_port(struct parser *p, struct span at);
struct expr *literal_endpoint(struct parser *p, struct span at);
struct expr *literal_path(struct parser *p, struct span at);
struct expr *literal_owner(struct parser *p, struct span at);
struct expr *literal_unknown(struct parser *p, struct span at);
/* The unit that a word is or means, "GiB" for "G"; empty where it is none. */
struct str literal_unit(struct str word);
/* :443/tcp */
struct port literal_port_of(struct parser *p, struct span at);

/* odd.c: at is what the lexer met */
void odd_character(struct parser *p, struct span at);
/* False: of malformed and invisible characters, which were said by text_check already. */
bool odd_not_ascii(struct parser *p, struct span at);
/* The place of a name that ends in `-`, without that. */
struct span odd_dash(struct parser *p, struct span at);
/* The bytes of a character before a word that nobody sees, or else those of a word before such a character: without it, the word is what it seems to be. */
int odd_invisible(const struct parser *p, struct span at);
/* A path with characters that only one in quotes can have. */
struct expr *odd_path(struct parser *p, struct span at);
/* What such a path may have been meant to be, in quotes: from its place on, blanks included; empty where that cannot be told. */
struct str odd_path_meant(struct parser *p, uint32_t at);
/* A word with a character that no name has: it is one mistake, and no word. */
struct expr *odd_word(struct parser *p, struct span at);
/* A notation of other languages, and what to write instead. */
struct expr *odd_notation(struct parser *p, struct span at, const char *what, const char *help);
/* A comment that begins as in C and has no end: it is all that follows, and nothing of that is looked at again. */
void odd_endless(struct parser *p, struct span at);
/* <<EOF and '', of HCL and Nix: a text of several lines, all of which is left out. */
struct expr *odd_text(struct parser *p, struct span at);

/* layout.c: the next token of the grammar */
int layout_next(struct parser *p, union value *value, struct span *at);
/* Whether a raw token is other than the grammar's as it is. */
extern const bool layout_matters[];
/* What the grammar is given for one that is; where that is nothing, for those behind it. */
int layout_balanced(struct parser *p, int token, union value *value, struct span *at);
void layout_skip(struct parser *p);

/* indent.c: blanks that the line of a position begins with, and whether there is nothing else before it */
struct str indent_of_line(const struct parser *p, struct span at, bool *ret_first);
/* The beginning of the line before which a block that opens there ends by its indentation; {0, 0}: it tells nothing. */
struct span indent_close(const struct parser *p, struct span open);
/* The end of the line which, by its indentation, begins the block that ends there, and opens none; {0, 0}: it tells nothing. */
struct span indent_open(const struct parser *p, struct span close);
/* Whether the lines behind a block's end are still those of the block, by their indentation. */
bool indent_goes_on(const struct parser *p, struct span open, struct span close);
/* The last byte of the text that is not blank. */
struct span indent_last(const struct parser *p);

/* between.c: the token that is meant where another language has one between its entries; YYEMPTY: none is. */
int between_entries(struct parser *p, int token, struct span *at);

/* lexer.l */
void lexer_open(struct parser *p);
void lexer_close(struct parser *p);
/* What is open is another: the next token is one of that context. */
void lexer_enter(struct parser *p);
/* What follows, as far as that many bytes of the text, is read as blanks: it belongs to a mistake that was said. */
void lexer_blank(struct parser *p, size_t to);
int lexer_raw(union value *value, struct span *at, void *scanner);

/* grammar.y, twice: see there */
int yyparse(struct parser *p);
int quick_parse(struct parser *p);

/* parse.c: one constructor for each action of the grammar. Names are places in the text; {0, 0}: absent, where they may be. */
struct expr *expr_boolean(struct parser *p, struct span at, bool value);
struct expr *expr_none(struct parser *p, struct span at);
struct expr *expr_name(struct parser *p, struct span at);
struct expr *expr_member(struct parser *p, struct span at, struct expr *base, struct span name);
struct expr *expr_port_of(struct parser *p, struct span at, struct expr *base, struct port port);
struct expr *expr_index(struct parser *p, struct span at, struct expr *base, struct expr *index);
struct expr *expr_call(struct parser *p, struct span at, struct span function, struct expr_list args);
struct expr *expr_unary(struct parser *p, struct span at, enum op op, struct expr *operand);
struct expr *expr_binary(struct parser *p, struct span at, enum op op, struct expr *left, struct expr *right);
struct expr *expr_cond(struct parser *p, struct span at, struct expr *condition, struct expr *yes, struct expr *no);
struct expr *expr_of_list(struct parser *p, struct span at, struct expr_list list);
struct expr *expr_map(struct parser *p, struct span at, struct entry_run fields);
struct loop *loop_new(struct parser *p, struct span name, struct span second, struct expr *list);
struct expr *expr_comprehension(struct parser *p, struct span at, struct expr *key, struct expr *body, struct loop *loop);
static inline struct expr_list exprs_none(void)
{
	return (struct expr_list){0};
}
static inline struct expr_list exprs_one(struct expr *e)
{
	return (struct expr_list){e, e};
}
struct expr_list exprs_add(struct expr_list list, struct expr *e);

struct type_expr *type_name(struct parser *p, struct span at, struct span module, struct span name);
struct type_expr *type_generic(struct parser *p, struct span at, struct span name, struct type_expr *of);
struct type_expr *type_optional(struct parser *p, struct span at, struct type_expr *of);
struct type_expr *type_enum(struct parser *p, struct span at, struct expr_list words);
struct type_expr *type_record(struct parser *p, struct span at, struct entry_run fields);
struct type_expr *type_range(struct parser *p, struct span at, struct type_expr *of, struct expr *lo, struct expr *hi);

struct entry *entry_field(struct parser *p, struct span at, struct span name, struct expr *value);
struct entry *entry_quoted(struct parser *p, struct span at, const struct expr *name, struct expr *value);
struct entry *entry_block(struct parser *p, struct span at, struct span kind, struct expr *name, struct expr *base, struct entry_run body);
struct entry *entry_arrow(struct parser *p, struct span at, struct span kind, struct span mode, struct expr *left, struct expr *right,
			  const struct entry_run *body);
struct entry *entry_let(struct parser *p, struct span at, struct span name, struct type_expr *type, struct expr *value);
struct entry *entry_slot(struct parser *p, struct span at, enum entry_kind kind, struct span name, struct type_expr *type,
			 struct expr *value, struct expr *doc);
struct entry *entry_output(struct parser *p, struct span at, struct span name, struct expr *value);
struct entry *entry_computed(struct parser *p, struct span at, struct expr *name, struct expr *value);
struct entry *entry_for(struct parser *p, struct span at, const struct loop *loop, struct entry_run body);
struct entry *entry_if(struct parser *p, struct span at, struct expr *condition, struct entry_run body, struct entry_run other);
struct entry *entry_assert(struct parser *p, struct span at, struct expr *condition, struct expr *message);
struct entry *entry_use(struct parser *p, struct span at, struct expr *what, struct span alias);
struct entry *entry_template(struct parser *p, struct span at, struct span name, struct expr *base, struct entry_run body);
struct entry *entry_type(struct parser *p, struct span at, struct span name, struct type_expr *type);
struct entry *entry_lost(struct parser *p, struct span at);
static inline struct entry_run entries_none(void)
{
	return (struct entry_run){0};
}
struct entry_run entries_add(struct parser *p, struct entry_run list, struct entry *e);
/* The same, of a body's entries. Those of one who only listens are forgotten. */
struct entry_run body_add(struct parser *p, struct entry_run list, struct entry *e);
struct expr *name_quoted(struct parser *p, struct expr *text);

#endif
