/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctstack.lock: what was chosen for a source that leaves it open, kept beside the source so that it stays as it is (spec/language.md, Addresses). */
#ifndef CTC_COMPILER_LOCK_H
#define CTC_COMPILER_LOCK_H

#include "lang/base/map.h"
#include "lang/diag.h"
#include "lang/model.h"

enum lock_kind { LOCK_ADDRESS, LOCK_ADDRESS6, LOCK_RANGE, LOCK_IMAGE, LOCK_NAME, LOCK_KINDS };

/* A line: address STACK.CONTAINER 10.0.0.2, range STACK.SUBNET 10.233.4.0/24, image docker.io/library/web:1 sha256:…, name
 * vpn.example.org 203.0.113.1. */
struct lock_entry {
	enum lock_kind kind;
	struct str name;
	struct cidr value;	/* of an address, its whole length */
	struct str digest;	/* of an image */
	struct span at;
	bool root;		/* it stands beside a file that is given, not only used */
	bool used;
};

struct locks {
	struct map by_name[LOCK_KINDS];
	VEC(struct lock_entry *) all;
	bool missing;		/* beside a file that is given there is none */
};

#define LOCK_FILE "ctstack.lock"

struct modules;

/* Reads the lock beside each file, where there is one. What is wrong with its lines is said, or with relock, passed over. */
void locks_read(struct sources *sources, struct diags *d, bool relock, struct modules *m);
/* Images that are named without a digest are those that the locks pin them to. Images that were made here (localhost/…) are of this host alone: no lock has them. Fills
 * model->tagged. */
void locks_pin(struct arena *arena, const struct modules *m, struct model *model);
/* Names at the other ends of tunnels have the addresses that the locks have. Fills model->named; d: says which have none, or NULL, where somebody is going to ask. */
void locks_resolve(struct arena *arena, struct diags *d, const struct modules *m, struct model *model);
/* Says whose locked address somebody else was given by hand. */
void locks_compare(struct diags *d, const struct modules *m, const struct model *model);
/* What --locked insists on: everything that was chosen for the stacks in scope is locked as it is, and nothing else is. */
void locks_check(struct diags *d, const struct modules *m, const struct model *model);
/* Writes what was chosen for the stacks in scope, sorted, a line each: the lock's whole text. */
void lock_text(const struct model *model, struct buf *out);

#endif
