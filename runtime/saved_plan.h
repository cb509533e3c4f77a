/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A plan in a file: what was seen when it was made, so that an apply of it does exactly that, or refuses (spec/transaction.md, Saved plans). It has digests and names, no content
 * of a source, a manifest or a secret; what is to be done is compiled and planned anew, and compared. A last line authenticates the text with a key of the host's, so that a
 * plan that somebody changed, or another host's, is none. */
#ifndef CTC_RUNTIME_SAVED_PLAN_H
#define CTC_RUNTIME_SAVED_PLAN_H

#include "runtime/store.h"

struct saved_source {
	struct str path, digest;
};

struct saved_plan {
	struct str directory;		/* in which the command was given */
	struct strs files, set, vars, include;	/* its operands, and its --set, --vars and --include */
	bool prune;
	uint32_t base;			/* the current generation */
	struct str base_digest;		/* of its manifest; "" for generation 0 */
	struct saved_source *sources;	/* all that were compiled, the library's, too */
	size_t nsources;
	struct str wanted;		/* digest of the manifest that they compiled to */
	struct str plan;		/* sealed (plan_seal.h) */
};

/* Writes it to `path`, an absolute one or below the working directory; links in it are not followed, but in its directory. Makes the host's key where there is none. */
int saved_plan_write(struct host *h, const char *path, const struct saved_plan *p, struct err *e);
/* Reads and authenticates it; texts in the arena. -EBADMSG: it is no plan, was changed, or comes from another host; -ESTALE: another version of ctc made it. */
int saved_plan_read(struct host *h, const char *path, struct arena *a, struct saved_plan *ret, struct err *e);
/* What differs between the sources that were compiled then and now, in words: "lab.ctstack has changed"; "" where nothing does. */
struct str saved_plan_sources(struct arena *a, const struct saved_plan *p, const struct saved_source *now, size_t n);

#endif
