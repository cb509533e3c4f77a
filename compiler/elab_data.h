/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the elaborator works on: values, types as they are declared, and what elab.h tells of, files, nodes, scopes and slots. */
#ifndef CTC_COMPILER_ELAB_DATA_H
#define CTC_COMPILER_ELAB_DATA_H

#include "compiler/elaborate.h"
#include "lang/base/map.h"
#include "lang/base/near.h"
#include "lang/schema.h"

/* ---- values (val.c) ---- */

/* The type of a value: an enum type_tag in its widest form (IP, not IP4; STRING, not IMAGE), or one of these. */
enum val_type {
	V_POISON = T_COUNT,	/* a mistake that has been said; whoever meets it says nothing */
	V_NONE,
	V_LIST,
	V_MAP,
	V_NODE,			/* a reference to a block */
	V_ABSENT,		/* a block that is not there: all its members are none */
	V_ENTRIES,		/* a MAP row of a node */
	V_FILE,			/* a used module */
};

struct list;
struct dict;
struct node;
struct file;

struct val {
	int type;
	union {
#define TYPE(tag, ctype, shown) ctype tag;
#include "lang/type.def"
#undef TYPE
		struct list *list;
		struct dict *dict;
		struct node *node;
		const struct schema_kind *absent;
		struct {
			struct node *node;
			const struct schema_row *row;
		} entries;
		struct file *file;
	} u;
};

struct list {
	struct val *at;
	size_t n;
};

struct dict_entry {
	struct str name;
	struct val val;
};
struct dict {
	struct dict_entry *at;	/* sorted by name */
	size_t n;
};

/* For qsort and bsearch. */
int dict_cmp(const void *a, const void *b);

static inline struct val val_poison(void)
{
	return (struct val){.type = V_POISON};
}

static inline struct val val_none(void)
{
	return (struct val){.type = V_NONE};
}

#define VAL(tag, value) ((struct val){.type = T_##tag, .u.tag = (value)})

/* "size", "ip4", "list", "container": what a value is, for people. */
const char *val_shown(struct val v);
/* Canonical text; false where the value has none (lists, references, none). */
bool val_text(struct val v, struct buf *out);
/* Whether two values of the same type are equal; *ret_comparable false where their types differ or have no equality. */
bool val_eq(struct val a, struct val b, bool *ret_comparable);
/* <0, 0, >0; *ret_comparable false where their type has no order. */
int val_order(struct val a, struct val b, bool *ret_comparable);
/* The widest form of a typed value: IP4 -> IP, IMAGE -> STRING, SUBNETREF -> V_NODE, STRINGS -> V_LIST. */
struct val val_widen(struct arena *a, struct val typed);
/* A typed value into a struct f_TYPE, its texts and lists copied into the arena; and back. */
void field_write(struct arena *a, void *field, struct val typed);
/* A value that is not set is V_NONE with its type's tag and 1 in .u.INT. */
struct val field_read(const void *field, enum type_tag tag);
/* Where the span stands in every struct f_TYPE. */
enum { FIELD_SPAN = offsetof(struct f_BOOL, at) };
static inline void field_mark(void *field, bool given, struct span at)
{
	/* what every struct f_TYPE begins with */
	struct {
		bool set, given;
		struct span at;
	} head;

	memcpy(&head, field, sizeof head);
	head.given = given;
	head.at = at;
	memcpy(field, &head, sizeof head);
}

/* ---- types as they are declared (types.c) ---- */

struct type {
	int tag;			/* enum type_tag, V_LIST or V_MAP */
	bool optional;
	bool bounded;
	double min, max;
	const struct type *of;		/* V_LIST, V_MAP */
	const struct record *record;	/* V_MAP: these fields and no others; or NULL */
	const struct strs *words;	/* T_STRING: one of these; or NULL */
};

struct record_field {
	struct str name;
	struct type type;
	const struct expr *dflt;	/* or NULL */
	struct scope *scope;		/* of the default */
};
struct record {
	struct record_field *at;	/* sorted by name */
	size_t n;
};

enum decl_state { DECL_FRESH, DECL_BUSY, DECL_GOOD, DECL_BAD };

/* `type name = …` */
struct type_decl {
	const struct entry *entry;
	struct file *file;
	enum decl_state state;
	struct type type;	/* DECL_GOOD */
};

/* ---- slots, scopes, nodes ---- */

enum slot_state { SLOT_EMPTY, SLOT_FRESH, SLOT_BUSY, SLOT_DONE, SLOT_BAD };

struct slot {
	const struct expr *expr;
	struct scope *scope;
	uint16_t rank;		/* of the layer that it comes from: 0 wins */
	uint8_t state;
	bool late;		/* set within if or for */
};

enum binding_form { BIND_LET, BIND_VALUE, BIND_INPUT, BIND_PARAM };

/* A name with a value: let, loop variable, input, parameter. */
struct binding {
	struct binding *next;
	struct ident name;
	enum binding_form form;
	uint16_t rank;				/* BIND_PARAM: of the template layer that declares it */
	const struct type_expr *declared;	/* or NULL */
	struct scope *home;			/* where its type and its default are read */
	struct given *given;			/* BIND_INPUT: its value from outside, or NULL */
	struct slot slot;
	struct val val;
};

struct names {
	struct binding *first, *last;
	size_t n;
	struct map *index;	/* only where there are many */
};

/* `defaults KIND { … }` */
struct defaults {
	struct defaults *next;
	const struct entry *entry;
	enum kind_tag kind;
};

struct scope {
	struct scope *parent;
	struct node *node;		/* whose names are seen here, or NULL */
	struct names *names;		/* or NULL */
	struct defaults *defaults;
	struct file *file;
	uint16_t rank;			/* of the layer that this is the body of */
};

enum layer_origin { LAYER_WRITTEN, LAYER_TEMPLATE, LAYER_DEFAULTS };

/* One body that a node is made of. */
struct layer {
	struct layer *next;		/* the next lower in precedence */
	const struct entry *entry;	/* the block, template or defaults */
	struct scope *outer;		/* where it stands */
	struct scope *scope;		/* of its body */
	enum layer_origin origin;
	uint16_t parent_rank;		/* of the parent's layer that it was found in */
	uint16_t rank;
};

struct map_entry {
	struct ident name;		/* its text is in the model's arena */
	struct slot slot;
	/* struct f_TYPE follows */
};

struct arrow {
	struct arrow *next;
	const struct entry *entry;
	struct scope *scope;
	struct node *block;		/* or NULL */
	uint32_t order;			/* position of the entry of the body that it comes from */
	uint16_t rank;
	enum word mode : 16;		/* WORD_COUNT: none */
};

/* What was written of one row of a node. A kind has many rows, and a block has few of them: they are a list, in the order of rows. */
struct cell {
	struct cell *next;
	const struct schema_row *row;
	union {
		struct slot slot;		/* ROW_FIELD; the value is in the model */
		struct {			/* ROW_MAP; sorted by name once finished */
			struct map_entry **at;
			struct map *index;	/* only where there are many */
			uint32_t n, cap;
		} map;
		struct node *one;		/* ROW_BLOCK, HOW_ONE */
		VEC(struct node *) many;	/* ROW_BLOCK, HOW_MANY */
		struct {			/* ROW_ARROW; as they were met, until it is finished */
			struct arrow *first, *last;
			uint32_t n;
		} arrows;
	};
};

/* What is known of a body while it is read: where entries go and in whose name. */
struct fill {
	struct node *node;
	const struct schema_row *map;		/* within a block of free names; else NULL */
	struct scope *scope;
	const struct layer *layer;
	uint32_t order;
	bool late;				/* within for or if */
};

/* An entry that must be evaluated before it is known what it makes: for, if, a block with a computed name. */
struct pending {
	struct pending *next;
	const struct entry *entry;
	struct fill fill;
};

struct assertion {
	struct assertion *next;
	const struct entry *entry;
	struct scope *scope;
};

/* Where a block of free names stands: two side by side are a mistake. */
struct map_block {
	struct map_block *next;
	const struct entry *entry;
	const struct schema_row *row;
	uint16_t rank;
};

enum node_state { NODE_FRESH, NODE_OPEN, NODE_READY, NODE_FINISHED };

/* What is asked of a node when its name is met stands first. */
struct node {
	const struct schema_kind *kind;
	enum kind_tag tag;		/* KIND_COUNT: a file */
	enum node_state state;
	struct node *parent;		/* NULL: a file */
	struct cell *cells;		/* of the rows that somebody wrote, or that were asked for */
	struct names *params;
	struct map *children;		/* of the HOW_MANY rows, by name */
	struct m_head *model;		/* struct m_KIND, once laid out; a pointer back to the node stands before it */
	uint16_t low_rank;		/* of the lowest of the parent's layers that it was found in */
	bool sample;			/* stands for every use of a template: what others will give is not known, and no mistake */
	bool late;			/* if or for made it or added to it */
	bool hidden;			/* its name is one of its parent's words, and means that */
	bool broken;			/* a template is missing: what is not there is no news */
	bool partial;			/* a block around is broken */
	bool wrong;			/* a value of it is missing, or an entry was not understood (sound.c) */
	bool incomplete;		/* a block that stands in it is not there */
	bool lost;			/* a field of it has a word that nobody knows: another one that is missing may be meant */
	bool contested;			/* a block of another kind has its name, too: which one is meant nobody can tell */
	struct ident name;		/* .text empty where the kind has none */
	struct span at;			/* of the name, or of the word */
	struct layer *layers;		/* highest precedence first */
	struct pending *pending, *pending_last;
	struct map *unknown;		/* name -> struct diag: members that were complained of */
	struct map *missed;		/* names that were looked for in vain while something was pending */
	struct assertion *assertions;
	struct map_block *map_blocks;
};

extern const struct schema_kind file_kind;	/* what a file holds: stacks */

/* What a file says and nobody understands (lost.c). */
struct lost {
	VEC(struct str) words;		/* names of blocks that are not there, or not under this name */
	VEC(struct str) entries;	/* texts of whole entries */
	size_t bytes;			/* of these */
	bool unnamed;			/* a block is there whose name is not known: any name that is missing may be meant */
};

enum template_state { TEMPLATE_FRESH, TEMPLATE_BUSY, TEMPLATE_GOOD, TEMPLATE_BAD };

struct template {
	const struct entry *entry;
	struct file *file;
	enum template_state state;
	enum kind_tag kind;
	struct template *base;		/* or NULL */
};

struct file {
	const struct module *module;
	struct scope *scope;
	struct node *node;
	struct map templates;		/* name -> struct template */
	VEC(struct template *) template_list;
	struct map types;		/* name -> struct type_decl */
	VEC(struct type_decl *) type_list;
	struct map unknown;		/* name -> struct diag: names that were complained of */
	struct lost lost;
	struct map misplaced;		/* names of templates that stand where none can: their users are not told again */
};

/* What is being evaluated, innermost first. */
struct active {
	struct active *outer;
	const struct slot *slot;	/* NULL: a condition, a computed name, an arrow */
	const struct node *node;	/* whose field or entry it is, or NULL */
	const struct schema_row *map;	/* the row of an entry */
	struct str name;
	struct span used_at;		/* the expression that asks for it */
};

enum {
	LANGUAGE_VERSION = 1,
	SUGGESTED_MAX = 100,
	INSTANCES_LEAST = 55000,	/* blocks that any source may make, */
	INSTANCE_BYTES = 100,		/* and one more for each so many bytes of it: who writes much may have much */
	SLOT_DEPTH_MAX = 200,		/* values that wait for each other */
	EVAL_DEPTH_MAX = 2000,		/* calls of eval and eval_as within each other */
	TEXT_MAX = 1 << 20,
	TEXT_TOTAL_MAX = 32 << 20,	/* computed strings together */
	LIST_MAX = 100000,
	LIST_TOTAL_MAX = 500000,
	TURNS_MAX = 150000,		/* of all loops together */
	WORK_MAX = 10000000,		/* expressions evaluated */
};

struct elab {
	struct arena *a;	/* ends with the elaboration */
	struct arena *model;	/* what the model is made of */
	struct diags *d;
	struct file *files;	/* in the order of modules.all */
	size_t nfiles;
	const struct modules *modules;
	struct allot *allot;	/* allot.c's own */
	struct map rows[KIND_COUNT + 1];	/* word -> struct schema_row */
	struct val *dflt[KIND_COUNT];	/* typed schema default of each row; V_NONE where it has none */
	struct blank {
		void *model;		/* of the kind, in which nothing but the defaults is set */
		void *rare;		/* of it; shared in the model by all who have nothing else */
		uint16_t *spans;	/* where the spans of its fields stand in it */
		size_t nspans;
		const struct schema_row **required, **choosable;	/* which rows are, each ended by NULL */
	} blank[KIND_COUNT + 1];
	const struct schema_row *ports[KIND_COUNT + 1];	/* the row of a kind that declares ports, or NULL */
	struct map looked;		/* bodies that are not made, and whose words were looked at */
	size_t suggested;		/* searches for a name that may be meant: they cost time, and nobody reads a thousand */
	struct map said;		/* code and place -> struct diag */
	VEC(struct binding *) bindings;	/* lets and inputs, so that those which nobody uses are read, too */
	struct active *active;
	unsigned slot_depth, eval_depth;
	size_t instances_max;
	size_t instances, text_total, list_total, turns, work;
	const struct type *wanted;	/* the type that the expression at hand is to be of, a name, or NULL: for a hint where it is not known */
	const struct expr *wanted_of;
	bool stopped;			/* a limit was hit: nothing more is expanded */
};

/* For whom a value is: "`memory`", with the node where bare port names are looked up. */
struct target {
	struct node *node;	/* or NULL */
	struct str name;
};

#endif
