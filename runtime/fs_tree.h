/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whole trees of files: how large one is, and removing one. Neither follows a link nor enters another file system, whoever owns what is in the tree and moves it about meanwhile. */
#ifndef CTC_RUNTIME_FS_TREE_H
#define CTC_RUNTIME_FS_TREE_H

#include <stdint.h>

#include "lang/base/err.h"

struct fs_tree {
	uint64_t bytes;		/* on disk */
	uint64_t files;		/* that are no directories */
};

/* The tree at `path` below the directory `dir`, which is left out of the counts. -ENOENT where there is none. -ELOOP: it is deeper than anything that is looked at. */
int fs_tree_measure(int dir, struct str path, struct fs_tree *ret, struct err *e);
/* Removes it, `path` with it. What another file system is mounted on stays, and is an error. */
int fs_tree_remove(int dir, struct str path, struct err *e);

#endif
