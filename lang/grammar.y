/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The grammar: five kinds of entry, types and expressions. It is pure and knows no kind of block and no field. An action is one call of a constructor in
 * parse.c or text.c. Brackets are balanced and separators single when tokens come here (layout.c); after a mistake what comes next is a SEP, `}`, the end, or
 * the `{` of the broken entry's block, whose body is read like any other.
 *
 * Two parsers are made of it: yyparse(), which knows at each token what else could have stood there (LAC), and quick_parse() without that, for texts in which nothing
 * is wrong (parse.c). */
%require "3.8"
%language "C"
%define api.pure full
%define api.value.type {union value}
%define api.location.type {struct span}
%define parse.error custom
%define parse.lac full
%locations
%param {struct parser *p}
%expect 0

%code requires {
#include "lang/parse.h"

#define YYLLOC_DEFAULT(Current, Rhs, N) ((Current) = (struct span){(N) ? YYRHSLOC(Rhs, 1).lo : YYRHSLOC(Rhs, 0).hi, YYRHSLOC(Rhs, N).hi})
}
%code provides {
/* By token: whether it would have been right. */
enum { TOKENS_END = 400 };
struct expected {
	bool is[TOKENS_END];
};
void expected_say(struct parser *p, const struct expected *e);
/* What may have been meant by the newest token, hung on the diagnostic (meant.c). */
void meant_help(struct parser *p, struct diag *d, const struct expected *e);
}
%code {
#include <assert.h>

/* Where no mistake is expected, most tokens are the lexer's as they are. After one of brackets there is an end: the text is read again, with care. */
static inline int quick_token(struct parser *p, union value *value, struct span *at)
{
	/* What the grammar makes of what stands before a brace, it makes once it has seen the brace. */
	if (p->listener && p->last == '{')
		p->open[p->depth].begin = arena_mark(p->arena);
	int token = lexer_raw(value, at, p->scanner);

	if (layout_matters[token]) {
		token = layout_balanced(p, token, value, at);
		if (p->closing || p->stopped)
			token = 0;
	}
	if (p->listener && !p->diags->errors)
		p->listener->hear(p->listener, p->ast, token, *at);
	p->last_at = *at;
	p->last = token;
	return token;
}

static const struct span nowhere;

static int yylex(union value *value, struct span *at, struct parser *p)
{
	return p->quick ? quick_token(p, value, at) : layout_next(p, value, at);
}
static void yyerror(struct span *at, struct parser *p, const char *message);
}
%initial-action { @$ = (struct span){p->base, p->base}; }

%token NAME	/* its place says which */
%token <expr> LITERAL PLAIN TEXT_PART
%token <port> COLON_PORT
%token LET FOR IN IF THEN ELSE ASSERT USE AS INPUT OUTPUT TEMPLATE TYPE PARAM TRUE FALSE NONE AND OR NOT
%token SEP ARROW EQ NE LE GE COALESCE DOTS CALL INDEX MAP
%token QUOTE_BEGIN LINES_BEGIN NAME_BEGIN TEXT_END INTERP_BEGIN INTERP_END
%token NEWLINE SEMICOLON	/* layout.c makes SEP of them */

%type <entries> entries entry_seq else_part body map_items map_seq record_items record_seq
%type <entry> entry if_entry map_item record_item
%type <loop> loop loop_names
%type <expr> expr chain atom arrow_end quoted pieces computed
%type <expr> block_name based dotted value_opt doc_opt message_opt used bound word
%type <exprs> parts args args_opt words
%type <type> type type_simple type_opt

%precedence ELSE
%left OR
%left AND
%precedence NOT
%nonassoc EQ NE '<' LE '>' GE
%right COALESCE
%left '+' '-'
%left '*' '%'
%precedence NEGATIVE

%%
file:
  entries			{ p->ast->entries.first = $1.first; }
;
entries:
  %empty			{ $$ = entries_none(); }
| entry_seq
| entry_seq SEP
;
entry_seq:
  entry				{ $$ = body_add(p, entries_none(), $1); }
| entry_seq SEP entry		{ $$ = body_add(p, $1, $3); }
;
body:
  '{' entries '}'		{ $$ = $2; }
;
entry:
  NAME '=' expr			{ $$ = entry_field(p, @$, @1, $3); }
| PLAIN '=' expr		{ $$ = entry_quoted(p, @$, $1, $3); }
| computed '=' expr		{ $$ = entry_computed(p, @$, $1, $3); }
| NAME block_name body		{ $$ = entry_block(p, @$, @1, $2, NULL, $3); }
| NAME block_name based body	{ $$ = entry_block(p, @$, @1, $2, $3, $4); }
| NAME body			{ $$ = entry_block(p, @$, @1, NULL, NULL, $2); }
| NAME based body		{ $$ = entry_block(p, @$, @1, NULL, $2, $3); }
| NAME arrow_end ARROW arrow_end	{ $$ = entry_arrow(p, @$, @1, nowhere, $2, $4, NULL); }
| NAME arrow_end ARROW arrow_end body	{ $$ = entry_arrow(p, @$, @1, nowhere, $2, $4, &$5); }
| NAME NAME arrow_end ARROW arrow_end	{ $$ = entry_arrow(p, @$, @1, @2, $3, $5, NULL); }
| NAME NAME arrow_end ARROW arrow_end body	{ $$ = entry_arrow(p, @$, @1, @2, $3, $5, &$6); }
| LET NAME type_opt '=' expr	{ $$ = entry_let(p, @$, @2, $3, $5); }
| PARAM NAME ':' type value_opt doc_opt	{ $$ = entry_slot(p, @$, EN_PARAM, @2, $4, $5, $6); }
| INPUT NAME ':' type value_opt doc_opt	{ $$ = entry_slot(p, @$, EN_INPUT, @2, $4, $5, $6); }
| OUTPUT NAME '=' expr		{ $$ = entry_output(p, @$, @2, $4); }
| loop_names body		{ $$ = entry_for(p, @$, $1, $2); }
| if_entry
| ASSERT expr message_opt	{ $$ = entry_assert(p, @$, $2, $3); }
| USE used			{ $$ = entry_use(p, @$, $2, nowhere); }
| USE used AS name		{ $$ = entry_use(p, @$, $2, @4); }
| TEMPLATE NAME body		{ $$ = entry_template(p, @$, @2, NULL, $3); }
| TEMPLATE NAME based body	{ $$ = entry_template(p, @$, @2, $3, $4); }
| TYPE NAME '=' type		{ $$ = entry_type(p, @$, @2, $4); }
| error				{ yyerrok; $$ = entry_lost(p, @$); }
| error recovered body else_part	{ $$ = entry_lost(p, @$); }
;
recovered:
  %empty			{ yyerrok; }
;
if_entry:
  IF expr body else_part	{ $$ = entry_if(p, @$, $2, $3, $4); }
;
else_part:
  %empty			{ $$ = entries_none(); }
| ELSE body			{ $$ = $2; }
| ELSE if_entry			{ $$ = entries_add(p, entries_none(), $2); }
;
block_name:
  NAME				{ $$ = expr_name(p, @1); }
| NAME_BEGIN parts TEXT_END	{ $$ = text_finish(p, @$, $2, CX_NAME); }
| quoted			{ $$ = name_quoted(p, $1); }
;
based:
  ':' dotted			{ $$ = $2; }
;
dotted:
  name				{ $$ = expr_name(p, @1); }
| dotted '.' NAME		{ $$ = expr_member(p, @$, $1, @3); }
;
type_opt:
  %empty			{ $$ = NULL; }
| ':' type			{ $$ = $2; }
;
value_opt:
  %empty			{ $$ = NULL; }
| '=' expr			{ $$ = $2; }
;
doc_opt:
  %empty			{ $$ = NULL; }
| quoted
;
message_opt:
  %empty			{ $$ = NULL; }
| ',' expr			{ $$ = $2; }
;
used:
  dotted
| PLAIN
;
arrow_end:
  chain
| LITERAL
| PLAIN
| atom
;

type:
  type_simple
| type_simple IN bound DOTS bound	{ $$ = type_range(p, @$, $1, $3, $5); }
| words				{ $$ = type_enum(p, @$, $1); }
;
type_simple:
  name				{ $$ = type_name(p, @$, nowhere, @1); }
| name '.' NAME			{ $$ = type_name(p, @$, @1, @3); }
| name '<' type '>'		{ $$ = type_generic(p, @$, @1, $3); }
| type_simple '?'		{ $$ = type_optional(p, @$, $1); }
| type_simple COALESCE		{ $$ = type_optional(p, @$, type_optional(p, @$, $1)); }
| '(' type ')'			{ $$ = $2; }
| open_map record_items '}'	{ $$ = type_record(p, @$, $2); }
;
words:
  word '|' word			{ $$ = exprs_add(exprs_one($1), $3); }
| words '|' word		{ $$ = exprs_add($1, $3); }
;
word:
  name				{ $$ = expr_name(p, @1); }
| PLAIN
;
bound:
  LITERAL
| '-' LITERAL			{ $$ = expr_unary(p, @$, OP_NEG, $2); }
| chain
;
record_items:
  %empty			{ $$ = entries_none(); }
| record_seq
| record_seq map_sep
;
record_seq:
  record_item			{ $$ = entries_add(p, entries_none(), $1); }
| record_seq map_sep record_item	{ $$ = entries_add(p, $1, $3); }
;
record_item:
  NAME ':' type value_opt doc_opt	{ $$ = entry_slot(p, @$, EN_PARAM, @1, $3, $4, $5); }
| error				{ yyerrok; $$ = entry_lost(p, @$); }
| error recovered body		{ $$ = entry_lost(p, @$); }
;

/* Operators by precedence: a level of its own for each would cost a reduction for each. Comparisons do not chain. */
expr:
  chain
| LITERAL
| PLAIN
| atom
| open_map map_items '}'	{ $$ = expr_map(p, @$, $2); }
| open_map computed '=' expr loop '}'	{ $$ = expr_comprehension(p, @$, $2, $4, $5); }
| open_map computed '=' expr loop SEP '}'	{ $$ = expr_comprehension(p, @$, $2, $4, $5); }
| IF expr THEN expr ELSE expr	{ $$ = expr_cond(p, @$, $2, $4, $6); }
| expr OR expr			{ $$ = expr_binary(p, @$, OP_OR, $1, $3); }
| expr AND expr			{ $$ = expr_binary(p, @$, OP_AND, $1, $3); }
| NOT expr			{ $$ = expr_unary(p, @$, OP_NOT, $2); }
| expr EQ expr			{ $$ = expr_binary(p, @$, OP_EQ, $1, $3); }
| expr NE expr			{ $$ = expr_binary(p, @$, OP_NE, $1, $3); }
| expr '<' expr			{ $$ = expr_binary(p, @$, OP_LT, $1, $3); }
| expr LE expr			{ $$ = expr_binary(p, @$, OP_LE, $1, $3); }
| expr '>' expr			{ $$ = expr_binary(p, @$, OP_GT, $1, $3); }
| expr GE expr			{ $$ = expr_binary(p, @$, OP_GE, $1, $3); }
| expr COALESCE expr		{ $$ = expr_binary(p, @$, OP_ELSE, $1, $3); }
| expr '+' expr			{ $$ = expr_binary(p, @$, OP_ADD, $1, $3); }
| expr '-' expr			{ $$ = expr_binary(p, @$, OP_SUB, $1, $3); }
| expr '*' expr			{ $$ = expr_binary(p, @$, OP_MUL, $1, $3); }
| expr '%' expr			{ $$ = expr_binary(p, @$, OP_MOD, $1, $3); }
| '-' expr	%prec NEGATIVE	{ $$ = expr_unary(p, @$, OP_NEG, $2); }
;
chain:
  NAME				{ $$ = expr_name(p, @1); }
| soft				{ $$ = expr_name(p, @1); }
| NAME_BEGIN parts TEXT_END	{ $$ = text_finish(p, @$, $2, CX_NAME); }
| '(' expr ')'			{ $$ = $2; }
| '[' args_opt ']'		{ $$ = expr_of_list(p, @$, $2); }
| '[' expr loop ']'		{ $$ = expr_comprehension(p, @$, NULL, $2, $3); }
| NAME CALL args_opt ')'	{ $$ = expr_call(p, @$, @1, $3); }
| chain '.' NAME		{ $$ = expr_member(p, @$, $1, @3); }
| chain INDEX expr ']'		{ $$ = expr_index(p, @$, $1, $3); }
| chain COLON_PORT		{ $$ = expr_port_of(p, @$, $1, $2); }
;
atom:
  pieces
| TRUE				{ $$ = expr_boolean(p, @$, true); }
| FALSE				{ $$ = expr_boolean(p, @$, false); }
| NONE				{ $$ = expr_none(p, @$); }
;
loop:
  loop_names
| loop_names IF expr		{ $$ = $1; $$->condition = $3; }
;
loop_names:
  FOR NAME IN expr		{ $$ = loop_new(p, @2, nowhere, $4); }
| FOR NAME ',' NAME IN expr	{ $$ = loop_new(p, @2, @4, $6); }
;
computed:
  NAME_BEGIN parts TEXT_END	{ $$ = text_finish(p, @$, $2, CX_NAME); }
| pieces
;
quoted:
  PLAIN
| pieces
;
pieces:
  QUOTE_BEGIN parts TEXT_END	{ $$ = text_finish(p, @$, $2, CX_STRING); }
| LINES_BEGIN parts TEXT_END	{ $$ = text_finish(p, @$, $2, CX_LINES); }
;
parts:
  %empty			{ $$ = exprs_none(); }
| parts TEXT_PART		{ $$ = exprs_add($1, $2); }
| parts INTERP_BEGIN expr INTERP_END	{ $$ = exprs_add($1, $3); }
;
args_opt:
  %empty			{ $$ = exprs_none(); }
| args
| args ','
;
args:
  expr				{ $$ = exprs_one($1); }
| args ',' expr			{ $$ = exprs_add($1, $3); }
;
open_map:
  '{'
| MAP
;
map_items:
  %empty			{ $$ = entries_none(); }
| map_seq
| map_seq map_sep
;
map_seq:
  map_item			{ $$ = entries_add(p, entries_none(), $1); }
| map_seq map_sep map_item	{ $$ = entries_add(p, $1, $3); }
;
map_sep:
  ','
| SEP
| ',' SEP
;
map_item:
  NAME '=' expr			{ $$ = entry_field(p, @$, @1, $3); }
| PLAIN '=' expr		{ $$ = entry_quoted(p, @$, $1, $3); }
| computed '=' expr		{ $$ = entry_computed(p, @$, $1, $3); }
| error				{ yyerrok; $$ = entry_lost(p, @$); }
| error recovered body		{ $$ = entry_lost(p, @$); }
;

/* Words that are reserved at the beginning of an entry only. */
name:
  NAME
| soft
;
soft:
  USE | AS | INPUT | OUTPUT | TEMPLATE | TYPE | PARAM
;
%%

static void yyerror(struct span *at, struct parser *p, const char *message)
{
	/* The only message that bison itself gives is that its stack is used up. */
	(void)message;
	if (!p->stopped)
		diag_add(p->diags, DIAG_deep, *at, "nested too deep");
	p->stopped = p->ast->unbalanced = true;
}

static int yyreport_syntax_error(const yypcontext_t *context, struct parser *p)
{
	yysymbol_kind_t symbols[YYNTOKENS];
	struct expected e = {0};

	static_assert(YYMAXUTOK < TOKENS_END, "there are more tokens than struct expected has room for");
	if (p->quick) {
		p->stopped = p->failed = true;
		return 2; /* as if there were no memory: the one way to say that there is no going on */
	}
	int n = yypcontext_expected_tokens(context, symbols, YYNTOKENS);

	for (int token = 0; token <= YYMAXUTOK; token++)
		for (int i = 0; i < n; i++)
			e.is[token] |= symbols[i] == YYTRANSLATE(token);
	expected_say(p, &e);
	layout_skip(p);
	return 0;
}
