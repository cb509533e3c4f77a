/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the watcher does for a host at rest, done by whoever has the lock while it waits for something else, since the watcher waits for the lock (spec/policy.md, W3): where somebody
 * else takes away or alters what the kernel tells of (a flushed rule set, a deleted link or route), it is made again at once, as it shall be at this moment. */
#ifndef CTC_RUNTIME_MEND_H
#define CTC_RUNTIME_MEND_H

#include "runtime/kind.h"
#include "runtime/nl_watch.h"

struct mending {
	struct arena arena;	/* of the two manifests */
	struct host *h;		/* NULL: it has not begun */
	struct watch ear;
	struct manifest stands;	/* what shall be there now */
	struct manifest leaving;	/* what may be there or not, and goes soon */
	bool edits;		/* whether what others have edited inside the table is mended, too; else that is left to the batch to come, which refuses it (P17), and only a table that is gone is made again */
	int64_t again_ms;	/* it failed: when to try again; 0: it did not */
};

/* Begins to listen, with nothing that shall be there yet; *m is zeroed. From mend_towards to mend_end every long wait of the host's mends. Where the kernel's notifications cannot be had nothing is
 * mended, and nothing else is different. */
void mend_begin(struct mending *m, struct host *h);
/* The moment has come at which this shall be there. Of both manifests (the second may be NULL) the kinds that are told count, and the resources are shared. */
void mend_towards(struct mending *m, const struct manifest *stands, const struct manifest *leaving, bool edits);
void mend_end(struct mending *m);
#define _mending_ __attribute__((cleanup(mend_end)))

#endif
