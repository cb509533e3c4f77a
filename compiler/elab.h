/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the files of the elaborator share; nobody else includes this. The structures are in elab_data.h, here is what is done with them.
 *
 *	file	one module: its scope, its templates, and a node for what stands in it
 *	node	one block instance: layers (bodies in order of precedence), a cell for each row of its kind, its struct of the model
 *	scope	where a name is looked up: a body, or one turn of a loop; scopes are linked outwards
 *	slot	an expression that is evaluated at most once, in the scope that it was written in
 *
 * Blocks are laid out first (node.c, fill.c: who is there, which expression wins), then expressions are evaluated when somebody asks for them, then everything
 * is asked for once (finish.c). So order in a file never matters. All of this lives in an arena that ends with the elaboration; what is in the model is copied
 * into the model's own. The trees are never changed. */
#ifndef CTC_COMPILER_ELAB_H
#define CTC_COMPILER_ELAB_H

#include <assert.h>

#include "compiler/elab_data.h"

/* ---- saying mistakes (say.c) ---- */

/* As diag_add, but once for a code and a place, however many instances meet it: a repetition returns NULL, which the others take. */
struct diag *say(struct elab *el, enum diag_code code, struct span at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Whether that much was said that nothing more will be. */
bool say_full(const struct elab *el);
void say_label(struct elab *el, struct diag *d, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void say_note(struct elab *el, struct diag *d, struct span at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void say_help(struct elab *el, struct diag *d, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void say_suggest(struct elab *el, struct diag *d, const struct near *near);
/* A limit: said once for the whole compilation; el->stopped is set. */
void say_limit(struct elab *el, enum diag_code code, struct span at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* "ml.ollama", "container" where there is no name. */
const char *node_path(struct elab *el, const struct node *n);

/* ---- names (scope.c) ---- */

struct scope *scope_new(struct elab *el, struct scope *parent, struct node *node);
/* Enters a binding; where the name is taken, says so and returns false. */
bool names_add(struct elab *el, struct names **names, struct binding *b);
struct binding *names_find(const struct names *names, struct str name);

/* A member of a node, as it is; nothing is evaluated. rank: which layers' names are seen (parameters of higher layers are not). */
enum found_form { FOUND_NOTHING, FOUND_BINDING, FOUND_ROW, FOUND_CHILD, FOUND_FILE, FOUND_BAD };
struct found {
	enum found_form form;
	struct node *node;		/* FOUND_ROW: whose; FOUND_CHILD: which */
	union {
		struct binding *binding;
		const struct schema_row *row;
		struct file *file;	/* FOUND_FILE; FOUND_BAD: a module that could not be loaded */
	};
};
struct found member_find(struct elab *el, struct node *n, struct str name, uint16_t rank);
const struct schema_row *row_find(struct elab *el, const struct node *n, struct str word);
/* Rows that are members: fields, maps, and blocks without a name of their own. */
static inline bool row_is_member(const struct schema_row *row)
{
	return row && row->form != ROW_ARROW && !(row->form == ROW_BLOCK && row->how == HOW_MANY);
}
/* What a name means in a scope. skip: the field whose own value is being read is passed over. */
struct found name_find(struct elab *el, struct scope *scope, struct str name, const struct slot *skip);
/* words: more that could be meant here, or NULL. */
void name_unknown(struct elab *el, struct scope *scope, struct str name, struct span at, const struct strs *words);
/* Whether it was said already that the name is not known; then where it is used, too, is a note there. unknown: name -> struct diag, or NULL. */
bool unknown_again(struct elab *el, const struct map *unknown, struct str name, struct span at);
void unknown_add(struct elab *el, struct node *n, struct str name, struct diag *d);
void port_unknown(struct elab *el, struct node *n, const struct schema_row *ports, struct str name, struct span at);
void member_unknown(struct elab *el, struct node *n, struct str name, struct span at);
/* An entry of a MAP row by name, or NULL. */
struct map_entry *entry_find(const struct cell *cell, struct str name);
static inline void *entry_field(const struct map_entry *e)
{
	return (void *)(uintptr_t)(e + 1);
}
/* Of a node that is laid out. NULL: nobody wrote anything. */
static inline struct cell *node_cell_there(const struct node *n, const struct schema_row *row)
{
	struct cell *cell = n->cells;

	assert(n->state != NODE_FRESH);
	while (cell && cell->row < row)
		cell = cell->next;
	return cell && cell->row == row ? cell : NULL;
}
/* To be read, and to be written to. */
extern const struct cell cell_empty;
static inline const struct cell *node_cell(const struct node *n, const struct schema_row *row)
{
	const struct cell *cell = node_cell_there(n, row);

	return cell ? cell : &cell_empty;
}
struct cell *node_cell_new(struct elab *el, struct node *n, const struct schema_row *row);
/* The stacks of a file. */
static inline const struct cell *file_stacks(const struct file *f)
{
	return node_cell(f->node, file_kind.rows);
}
/* To be read; and, where the node has what is rare for itself, to be written to. */
static inline void *node_field(const struct node *n, const struct schema_row *row)
{
	return model_field(n->model, row);
}
void *node_field_own(struct elab *el, const struct node *n, const struct schema_row *row);
enum { MODEL_BACK = 8 };	/* bytes before a model's struct: the pointer back to its node */
static inline struct node *model_node(const void *model)
{
	return *(struct node *const *)((const char *)model - MODEL_BACK);
}

/* ---- inputs (inputs.c) ---- */

/* Declares an input; says so where it has no value. */
void input_add(struct elab *el, struct file *f, const struct entry *e);
/* Evaluates what an input was given from outside. */
struct val input_value(struct elab *el, struct binding *b, const struct type *t, const struct target *to);
/* Says which values no input was there for. */
void inputs_unknown(struct elab *el);

/* ---- what nobody gave (allot.c) ---- */

struct allot *allot_new(struct arena *a);
/* Whether a value may be chosen for a field that nobody wrote. */
static inline bool field_choosable(enum kind_tag kind, const struct schema_row *row)
{
	return (kind == KIND_container && (row->offset == MEMBER(container, address) || row->offset == MEMBER(container, address6))) ||
	       (kind == KIND_subnet && (row->offset == MEMBER(subnet, range) || row->offset == MEMBER(subnet, host) ||
					  row->offset == MEMBER(subnet, host6)));
}
/* That value, typed; V_NONE: it stays unset. Poison where it was asked for too soon, or hangs on itself. */
struct val field_chosen(struct elab *el, struct node *n, const struct schema_row *row, struct span at);

/* ---- templates (template.c) ---- */

void templates_collect(struct elab *el, struct file *f);
/* The template that an expression behind `:` means, of this kind; NULL where a mistake was said. */
/* Reads every template as if something were made of it, so that what is wrong with it is said where nobody uses it, or where uses override it. */
void templates_check(struct elab *el, struct file *f);
/* The used file that a name stands for in this one, or NULL; *ret_bad where it could not be loaded, which was said. */
struct file *file_used(struct elab *el, struct file *f, struct str alias, bool *ret_bad);
struct template *template_find(struct elab *el, struct file *f, const struct expr *base, enum kind_tag kind);

/* ---- words that do not fit (misfit.c) ---- */

/* Says that the node's kind has no such word, and where it may belong. */
void word_unknown(struct elab *el, const struct node *n, const struct entry *e);
/* What is lost with an entry that nobody understands, or with a block of a name that cannot be (empty: it has none) (lost.c). */
void lost_entry(struct elab *el, struct file *f, const struct entry *e);
void lost_name(struct elab *el, struct file *f, struct str name);
/* Whether that a name is not there is no news: it may be what was lost; or it is near to that, or the best of what is there is (empty: nothing is near). */
bool lost_word(const struct file *f, struct str word);
bool lost_meant(const struct elab *el, const struct file *f, struct str name, struct str best);
/* The same of a member of a node, and of a field that it must have. */
bool node_lost_word(const struct node *n, struct str word);
bool node_lost_field(const struct node *n);
/* The word is known, but written in another form: `limits = 1`, `image { }`. */
void wrong_form(struct elab *el, const struct schema_row *row, struct span at);
/* The entry stands where none of its form can. */
void wrong_place(struct elab *el, const struct entry *e, struct span at, bool in_template);

/* ---- structure (node.c, fill.c, fill_arrow.c, expand.c) ---- */

/* Makes cells and the model of a node whose layers are known. Cheap where that is done already. */
void node_lay_out(struct elab *el, struct node *n);
static inline void node_ready(struct elab *el, struct node *n)
{
	if (n->state == NODE_FRESH)
		node_lay_out(el, n);
}
struct node *node_new(struct elab *el, struct node *parent, enum kind_tag kind, struct ident name, struct span at);
/* Adds what is written for a block, and the templates that it names. */
void layer_add(struct elab *el, struct node *n, const struct entry *e, struct scope *outer, uint16_t parent_rank);
void layers_of_template(struct elab *el, struct node *n, const struct template *t, uint16_t parent_rank);
void fill_entries(struct elab *el, const struct fill *f, const struct entry_list *list);
void fill_arrow(struct elab *el, const struct fill *f, const struct entry *e);
/* Say that the kind has no such word, or has it in another form. */
void fill_unknown(struct elab *el, const struct fill *f, const struct entry *e);
void fill_misformed(struct elab *el, const struct fill *f, const struct schema_row *row, const struct entry *e);
void fill_named(struct elab *el, const struct fill *f, const struct schema_row *row, struct ident name, const struct entry *e);
/* if, for and computed names (expand.c). */
void fill_expand(struct elab *el, const struct fill *f, const struct entry *e);

/* ---- evaluation (eval.c, eval_list.c, eval_op.c, member.c, call.c, force.c) ---- */

/* What a loop goes through: a list, a map, or the numbers of range(), which then are no list. */
struct sequence {
	const struct val *items;		/* a list, */
	const struct dict_entry *entries;	/* a map, */
	int64_t first;				/* or numbers */
	size_t n;
};

struct val eval(struct elab *el, const struct expr *e, struct scope *scope);
/* Counts an expression that is about to be evaluated, by the caller, who then does el->eval_depth--; false where a limit is passed. */
bool eval_enter(struct elab *el, const struct expr *e);
/* `ollama.limits.memory`, as it is written, or `this`. */
const char *expr_shown(struct elab *el, const struct expr *e);
/* The same for what is nobody's value: a condition, a list to go through, a computed name. */
struct val text_outside(struct elab *el, const struct expr *e, struct scope *scope);
bool sequence_outside(struct elab *el, const struct loop *loop, struct scope *scope, struct sequence *ret);
struct val condition_outside(struct elab *el, const struct expr *e, struct scope *scope);
struct val list_val(struct elab *el, struct val *at, size_t n);
/* Sorts the entries; poison where one name is there twice, which is said at `where`. */
struct val dict_val(struct elab *el, struct dict_entry *at, size_t n, struct span where);
/* False where a mistake was said. */
bool eval_sequence(struct elab *el, const struct loop *loop, struct scope *scope, struct sequence *ret);
/* The scope of one turn, in which the loop's names mean the item, or its number or name and the item; NULL where there were too many. */
struct scope *sequence_turn(struct elab *el, const struct sequence *s, size_t i, struct scope *outer, const struct loop *loop);
/* A map, or the entries of a block of free names, as a map; false where it is neither, or a mistake was said. */
bool val_dict(struct elab *el, struct val v, struct span at, const struct dict **ret);
/* The name that an entry of a map has, also a computed one; false where a mistake was said. */
bool entry_name(struct elab *el, const struct entry *e, struct scope *scope, struct ident *ret);
/* The arguments of range(FIRST, LAST); false where a mistake was said. */
bool call_bounds(struct elab *el, const struct expr *e, struct scope *scope, int64_t *ret_first, size_t *ret_n);
/* Whether a list of n items may have `more` more; else the limit is said. */
bool list_room(struct elab *el, size_t n, size_t more, struct span at);
void bind_value(struct elab *el, struct scope *scope, struct ident name, struct val v);
/* The text of an EX_TEXT or EX_COMPUTED. */
struct val eval_text(struct elab *el, const struct expr *e, struct scope *scope);
struct val eval_list(struct elab *el, const struct expr *e, struct scope *scope);
struct val eval_map(struct elab *el, const struct expr *e, struct scope *scope);
/* of: what each item, or value of an entry, is asked to be; NULL: nothing. */
struct val eval_comprehension(struct elab *el, const struct expr *e, struct scope *scope, const struct type *of, const struct target *to);
struct val eval_binary(struct elab *el, const struct expr *e, struct val l, struct val r);
struct val eval_unary(struct elab *el, const struct expr *e, struct val v);
struct val eval_index(struct elab *el, const struct expr *e, struct val base, struct val index);
struct val eval_call(struct elab *el, const struct expr *e, struct scope *scope);
/* The value of an entry of a block of free names; a container's port knows whose it is. */
struct val entry_value(struct elab *el, struct node *n, const struct schema_row *row, struct map_entry *m, struct span at);
struct val eval_member(struct elab *el, struct val base, struct ident name, struct span at);
/* A boolean; poison where it is none. what: "a condition". */
struct val eval_condition(struct elab *el, const struct expr *e, struct scope *scope, const char *what);
struct val found_value(struct elab *el, struct found f, struct span at);
/* While if and for of a node are read, what they made is not to be asked for: the outcome would hang on their order. Says so, and returns true. */
bool too_early(struct elab *el, const struct node *n, bool late, struct str name, struct span at);

struct val force_binding(struct elab *el, struct binding *b, struct span used_at);
struct val force_field(struct elab *el, struct node *n, const struct schema_row *row, struct span used_at);
/* The same for who wants it to be in the model, and not its value. */
void finish_field(struct elab *el, struct node *n, struct cell *cell);
struct val force_entry(struct elab *el, struct node *n, const struct schema_row *row, struct map_entry *e, struct span used_at);

/* Says what is wrong with a text that nobody evaluates, as far as that can be told: names that are not known, another type. what: "the message". */
void text_look(struct elab *el, const struct expr *e, struct scope *scope, const char *what);
/* What can be said of what is not evaluated (infer.c): false, and said, where the branches of if … then … else … differ in type, and not both
 * serve what is wanted (or NULL); true, and said, where
 * the other side of and, or is no bool. */
bool branches_agree(struct elab *el, const struct expr *e, struct scope *scope, const struct type *wanted);
bool is_no_bool(struct elab *el, const struct expr *e, struct scope *scope);

/* ---- checking against types (check.c, context.c, mismatch.c, form.c, types.c) ---- */

/* Evaluates what must be of a type; the result is typed (its type is t->tag), V_NONE where the type is optional, or V_POISON. */
struct val eval_as(struct elab *el, const struct expr *e, struct scope *scope, const struct type *t, const struct target *to);
struct val check(struct elab *el, struct val v, const struct expr *e, const struct type *t, const struct target *to);
/* Whether lists are of the type; what each item is of then; and checked items as what it asks for. elements: their expressions, or NULL where they have none of their own. */
bool type_is_list(const struct type *t);
struct type element_type(const struct type *t);
struct val list_made(struct elab *el, const struct list *l, struct span at, const struct expr *elements, const struct type *t);
/* A port that names no protocol is one of tcp. */
struct port with_protocol(struct port p);
/* What a map says becomes a value of a record type, or of map<T> (record.c). */
struct val record_check(struct elab *el, const struct dict *given, const struct expr *e, const struct type *t, const struct target *to);
struct val eval_map_as(struct elab *el, const struct expr *e, struct scope *scope, const struct type *t, const struct target *to);
/* A bare name where the type knows words: *ret is the word or, where somebody has that name, what it means. False where such a type knows nothing of it, or has no words. */
bool contextual(struct elab *el, const struct expr *e, struct scope *scope, const struct type *t, const struct target *to, struct val *ret);
/* Say that a value is of another type, or that its text is not of the form; both return poison. */
struct val mismatch(struct elab *el, struct val v, const struct expr *e, const struct type *t, const struct target *to);
struct val ill_formed(struct elab *el, enum diag_code code, const char *wrong, struct str s, const struct expr *e, const struct target *to);
/* Hangs on what to do about it. */
void help_mismatch(struct elab *el, struct diag *d, struct val v, const struct expr *e, const struct type *t, const struct target *to);
/* As it stands in a text: itself, or ${…}. */
const char *expr_in_text(struct elab *el, const struct expr *e);
/* A text that would be a value of the type without its quotes, as that is written; NULL: it would be none. */
const char *text_meant(struct elab *el, struct str s, const struct type *t);
/* Hangs on what to do about a value that may be none. */
void help_unset(struct elab *el, struct diag *d, const struct expr *e);
/* What somebody means who writes a number where a size stands: 512MiB for 512, 1GiB for 1073741824. */
const char *size_meant(struct elab *el, int64_t n);
/* Hangs on what the ports of a container are called. */
void help_port(struct elab *el, struct diag *d, struct node *n);
/* Hangs on what a word of another tool is here. */
void help_word(struct elab *el, struct diag *d, const struct type *t, struct str word);
/* Whether a value is a reference to a secret; and says that what is at `at` cannot hold its bytes. where: "a text". */
bool is_secret(struct val v);
void secret_refused(struct elab *el, struct val v, struct span at, const char *where);
bool type_is_enum(const struct type *t);
void type_shown(const struct type *t, struct buf *out);
const char *type_text(struct elab *el, const struct type *t);
/* Its text, or "". */
const char *val_string(struct elab *el, struct val v);
/* Enters the types that a file declares; reads those that nobody has read, so that what is wrong with them is said. */
void types_collect(struct elab *el, struct file *f);
void types_check(struct elab *el, struct file *f);
/* Whether a binding without a value is none, since its type is optional. */
bool declared_optional(struct elab *el, const struct binding *b);
/* What a written type means; false where a mistake was said. */
bool type_read(struct elab *el, const struct type_expr *e, struct scope *scope, struct type *ret);
struct type row_type(const struct schema_row *row);

/* Grammar of texts (form.c). NULL where good, else what is wrong, for "…: %s". */
const char *form_name(struct str s, enum named named);
const char *form_env_name(struct str s);
const char *form_sysctl_name(struct str s);
const char *form_label_name(struct str s);
const char *form_image(struct str s);
/* sha256: and 64 hexadecimal digits. */
const char *form_digest(struct str s);
const char *form_ifname(struct str s);
/* NAME:PORT, the name one that a resolver can be asked for; and whether it is an endpoint by its address, in quotes. */
const char *form_remote(struct str s, struct remote *ret);
bool form_is_endpoint(struct str s);

/* ---- the end (finish.c, finish_arrow.c, enable.c, sound.c) ---- */

/* Asks for every value of a node and all below it, and fills its model. */
void node_finish(struct elab *el, struct node *n);
/* The same for the arrows of one row. */
void finish_arrows(struct elab *el, struct node *n, struct cell *cell);
/* Any VEC of the model: all have this layout; it is copied, so that no type is read as another. */
static inline void vec_write(void *field, void *at, size_t n)
{
	struct {
		void *at;
		size_t n, cap;
	} v = {at, n, n};

	memcpy(field, &v, sizeof v);
}

/* Takes out what is not enabled, and tells what cannot be without it. */
void model_enabled(struct elab *el, struct model *m);
/* Takes out what is wrong, and what refers to it. */
void model_sound(struct model *m);

#endif
