/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a change is about. A generation is the whole host: every stack on it. An apply replaces the stacks that the given files declare (with prune: all) and leaves the
 * others as they are; a destroy removes one. scope_merge makes the manifest of the whole host from the recorded one and the compiled one, and finds where the
 * two cannot stand beside each other. The rule for what belongs to no stack (spec/transaction.md, Scope): an image stays while a container that stays runs it,
 * everything else while any stack stays; and what the compiler asks for now wins. */
#ifndef CTC_RUNTIME_SCOPE_H
#define CTC_RUNTIME_SCOPE_H

#include "lang/manifest.h"

/* The user's mistake, between a stack in scope and one that stays. */
struct conflict {
	struct str text;	/* one sentence */
	struct str origin;	/* "file:line:column" of what is in scope, or "" */
	struct str note;	/* says what stands at other */
	struct str other;	/* origin of what stays */
};

struct scope {
	struct strs in;		/* stacks that are made, replaced or removed; sorted */
	struct strs kept;	/* stacks that stay as they are; sorted */
	VEC(struct conflict) conflicts;
};

/* The union of two sealed manifests (b wins where both have a resource), sealed; shares their resources. */
void manifest_union(const struct manifest *a, const struct manifest *b, struct manifest *ret);

/* Both manifests sealed; ret is not, and has its arena set: it shares their resources and is sealed on return. A stack of current is in scope where compiled has it
 * too, where prune is set, or where it is the one named by `also` ("" for none). With conflicts ret is sealed, but of no use. */
void scope_merge(const struct manifest *current, const struct manifest *compiled, bool prune, struct str also, struct scope *ret_scope, struct manifest *ret);

#endif
