/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What was written, as a tree in an arena. Nodes are immutable once the parser has returned; every node has its span. The grammar is generic: a
 * block says "container" here, but what a container may hold is in schema.def. */
#ifndef CTC_LANG_AST_H
#define CTC_LANG_AST_H

#include "lang/diag.h"
#include "lang/value.h"

struct expr;
struct entry;

struct ident {
	struct str text;	/* .n == 0: absent */
	struct span at;
};

/* Lists are linked in source order. */
struct expr_list {
	struct expr *first, *last;
};
struct entry_list {
	struct entry *first;
};

enum expr_kind {
	EX_BOOL,	/* u.boolean */
	EX_NONE,
	EX_INT,		/* u.integer; octal: written with a leading 0 */
	EX_FLOAT,	/* u.number */
	EX_STRING,	/* u.text: escapes and indentation resolved */
	EX_TEXT,	/* u.list: parts of an interpolated string, in order; EX_STRING and others */
	EX_COMPUTED,	/* u.list: parts of an interpolated name: worker-${i} */
	EX_SIZE,	/* u.integer, bytes */
	EX_DURATION,	/* u.integer, microseconds */
	EX_PERCENT,	/* u.number */
	EX_IP,		/* u.addr */
	EX_CIDR,	/* u.cidr; host bits as written */
	EX_MAC,		/* u.mac */
	EX_PORT,	/* u.port: 80/tcp, 8000-8010/udp (always with a protocol or a range) */
	EX_ENDPOINT,	/* u.endpoint: 127.0.0.1:80 */
	EX_PATH,	/* u.text: /var/lib/x */
	EX_OWNER,	/* u.owner: 1000:1000 */
	EX_NAME,	/* u.text */
	EX_MEMBER,	/* u.member: base.name */
	EX_PORT_OF,	/* u.port_of: base:443/tcp */
	EX_INDEX,	/* u.index: base[index] */
	EX_CALL,	/* u.call: function(args) */
	EX_UNARY,	/* u.op: op, left */
	EX_BINARY,	/* u.op: op, left, right */
	EX_COND,	/* u.cond: if c then a else b */
	EX_LIST,	/* u.list: [a, b] */
	EX_MAP,		/* u.map: { a = 1, b = 2 } in expression position */
	EX_COMPREHENSION, /* u.loop: [body for name in list if condition], { key = body for name in list if condition } */
	EX_BAD,		/* a literal that could not be read: it was said already, so this fits every type and nothing more is said about it */
};

enum op { OP_OR, OP_AND, OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_ADD, OP_SUB, OP_MUL, OP_MOD, OP_ELSE, OP_NOT, OP_NEG };

/* for name[, second] in list [if condition] */
struct loop {
	struct ident name, second;
	struct expr *list, *condition;
};

/* Of the union there is what the kind has, and no more: expressions are read, and not copied. */
struct expr {
	enum expr_kind kind;
	struct span at;
	uint32_t depth;		/* levels of expressions below this one: at most 200, so that whoever walks the tree may recurse */
	struct expr *next;	/* in an expr_list */
	union {
		bool boolean;
		struct {
			int64_t integer;
			bool octal;
		};
		double number;
		struct str text;
		struct addr addr;
		struct cidr cidr;
		struct mac mac;
		struct port port;
		struct endpoint endpoint;
		struct owner owner;
		struct expr_list list;
		struct {
			struct expr *base;
			struct ident name;
		} member;
		struct {
			struct expr *base;
			struct port port;
		} port_of;
		struct {
			struct expr *base, *index;
		} index;
		struct {
			struct ident function;
			struct expr_list args;
		} call;
		struct {
			enum op op;
			struct expr *left, *right;
		} op;
		struct {
			struct expr *condition, *yes, *no;
		} cond;
		struct entry_list map;	/* EN_FIELD entries only */
		struct {
			struct expr *key, *body;	/* key: EX_TEXT or EX_COMPUTED; NULL: it makes a list */
			struct loop *loop;
		} loop;
	} u;
};

enum entry_kind {
	EN_FIELD,	/* name = value */
	EN_BLOCK,	/* kind [name] [: base] { body } */
	EN_ARROW,	/* kind left -> right [{ body }]; word: `expect deny a -> b` */
	EN_LET,		/* let name[: type] = value */
	EN_PARAM,	/* param name: type [= value] ["doc"] */
	EN_INPUT,	/* input name: type [= value] ["doc"] */
	EN_OUTPUT,	/* output name = value */
	EN_FOR,		/* for name in value { body } */
	EN_IF,		/* if value { body } [else { other }] ; else if: other holds one EN_IF */
	EN_ASSERT,	/* assert value, message */
	EN_USE,		/* use std.ml | use "./x.ctstack" [as name] */
	EN_TEMPLATE,	/* template name [: base] { body }: base is a kind or another template */
	EN_TYPE,	/* type name = type */
};

enum type_form { TF_BAD /* that was said */, TF_NAME, TF_LIST, TF_MAP, TF_OPTIONAL, TF_ENUM, TF_RECORD, TF_RANGE };

/* A type as it is written. */
struct type_expr {
	enum type_form form;
	struct span at;
	struct ident module, name;	/* TF_NAME: name or module.name */
	struct type_expr *of;		/* TF_LIST, TF_MAP, TF_OPTIONAL, TF_RANGE */
	struct expr_list words;		/* TF_ENUM: EX_STRING or EX_NAME */
	struct entry_list fields;	/* TF_RECORD: EN_PARAM entries */
	struct expr *lo, *hi;		/* TF_RANGE: int in 1..65535 */
};

/* Small, because a file has many: members that no kind of entry has together share a place, and may be read only where the kind is one of those named. Of a field, which most
 * entries are, there is nothing behind the first line; of a `let` nothing behind the second, of a block or an arrow without a mode nothing behind the third. */
struct entry {
	enum entry_kind kind : 8;
	bool has_body;		/* EN_ARROW: a block was written */
	bool has_mode;		/* EN_ARROW */
	bool early : 1;		/* of the first of a list: there is one in it that counts before the others are read: `let`, `defaults` */
	bool is_computed : 1;	/* EN_FIELD: its name is */
	struct span at;		/* the whole entry */
	uint32_t word_n;	/* entry_word() */
	union {
		const char *word_s;
		struct expr *computed_;	/* computed_name() */
	};
	struct span word_at;
	struct entry *next;
	union {
		struct expr *value;	/* the expression of fields, lets, params (default), inputs (default), outputs, for, if, assert; EN_USE: EX_STRING, or EX_NAME/EX_MEMBER */
		struct expr *name;	/* EN_BLOCK: EX_NAME, EX_COMPUTED, or EX_TEXT (a name in quotes), or NULL */
		struct expr *left;	/* EN_ARROW */
	};
	/* ---- */
	union {
		struct expr *base;	/* EN_BLOCK, EN_TEMPLATE: EX_NAME or EX_MEMBER, or NULL */
		struct expr *message;	/* EN_ASSERT, or NULL */
		struct expr *right;	/* EN_ARROW */
		struct type_expr *type;	/* EN_LET (or NULL), EN_PARAM, EN_INPUT, EN_TYPE */
	};
	/* ---- */
	struct entry_list body;	/* EN_BLOCK, EN_ARROW, EN_FOR, EN_IF, EN_TEMPLATE */
	/* ---- */
	union {
		struct ident mode_;	/* EN_ARROW: entry_mode() */
		struct str doc;		/* EN_PARAM, EN_INPUT: the string behind it; EN_TEMPLATE, EN_TYPE: the comment lines directly above */
		struct entry_list other;	/* EN_IF: else */
		struct ident second;	/* EN_FOR, or empty */
	};
};

/* EN_BLOCK, EN_ARROW: its kind; EN_FIELD, EN_LET, EN_PARAM, EN_INPUT, EN_OUTPUT, EN_TEMPLATE, EN_TYPE: the name; EN_USE: the alias; EN_FOR: the variable, the first where
 * there are two. */
static inline struct ident entry_word(const struct entry *e)
{
	return (struct ident){{e->word_s, e->word_n}, e->word_at};
}
/* The word has at most as many bytes as a string can have. */
static inline void entry_word_set(struct entry *e, struct ident word)
{
	e->word_s = word.text.s;
	e->word_n = (uint32_t)word.text.n;
	e->word_at = word.at;
}
/* EN_FIELD: its name, where that is EX_TEXT or EX_COMPUTED; then its word is empty. Else NULL. */
static inline struct expr *computed_name(const struct entry *e)
{
	return e->is_computed ? e->computed_ : NULL;
}
/* EN_ARROW: the second word, `deny` of `expect deny`. */
static inline struct ident entry_mode(const struct entry *e)
{
	return e->has_mode ? e->mode_ : (struct ident){0};
}

/* Whether it may have a body. */
static inline bool entry_bodied(enum entry_kind kind)
{
	return kind == EN_BLOCK || kind == EN_ARROW || kind == EN_FOR || kind == EN_IF || kind == EN_TEMPLATE;
}

/* A comment, for the formatter. own_line: nothing but blanks, or a `;` that ends nothing, before it. */
struct comment {
	struct span at;
	bool own_line;
};

/* Where the name of an entry should stand and could not be read: the second word of a block, else the first of an entry. */
struct unnamed {
	uint32_t at;
	bool block;
};

struct ast {
	struct source *source;
	struct entry_list entries;
	VEC(struct comment) comments;
	VEC(struct span) lost;	/* entries that could not be read, with their bodies: they are not in the tree */
	VEC(struct unnamed) unnamed;
	bool unbalanced;	/* braces did not match, so what stands in what is a guess: nothing should be concluded from it */
};

/* Parses a text. Mistakes go to diags, and parsing goes on at the next entry: a tree is always returned (entries that could not be read are
 * left out). Limits: nesting 200, 1,000,000 entries; each has a diagnostic. */
struct ast *parse(struct arena *a, struct diags *d, struct source *source);

/* Whether what is missing is no news, because it may stand in a lost entry: any one within the span; one whose text has the word. */
bool ast_lost_within(const struct ast *ast, struct span at);
bool ast_lost_word(const struct ast *ast, struct str word);
/* Whether any name may be missing, because one could not be read: that of a block; that of an entry within the span. */
bool ast_unnamed(const struct ast *ast);
bool ast_unnamed_within(const struct ast *ast, struct span at);

#endif
