/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Files of the host, below a directory's descriptor. No component of a path may be a symbolic link, none may be "..", and nothing leads out of the
 * directory (openat2(2): RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS): what root writes lands where the path says, or nowhere. Leading slashes are ignored, so that
 * an absolute path is taken below struct host's root_fd. All descriptors are O_CLOEXEC. Errors name the path; the code is the errno of the call that failed,
 * -ELOOP with the name of the link where a symbolic link stands in the way. */
#ifndef CTC_RUNTIME_FS_H
#define CTC_RUNTIME_FS_H

#include <sys/stat.h>

#include "lang/base/err.h"

/* As open(2) with flags; mode is what a created file gets before the umask. Returns a descriptor. */
int fs_open(int dir, struct str path, int flags, mode_t mode, struct err *e);
/* The directory that holds path's last component, O_RDONLY; *ret_name is that component, within path. */
int fs_open_parent(int dir, struct str path, struct str *ret_name, struct err *e);
/* lstat of what is there, -ENOENT (without any text in e) where nothing is. */
int fs_stat(int dir, struct str path, struct stat *ret, struct err *e);
/* The directory that a path stands in, without a final `/`; part of the path. */
struct str fs_parent(struct str path);
/* The whole file, with a NUL behind it, in the arena. -EFBIG where it is longer than max; only regular files. */
int fs_read(int dir, struct str path, size_t max, struct arena *a, struct str *ret, struct err *e);
/* The same of a file that a user names: wherever it is, links followed. */
int fs_read_named(const char *path, size_t max, struct arena *a, struct str *ret, struct err *e);

/* Makes path and the parents that are missing. Parents get root:root 0755 and path gets uid, gid and mode exactly, whatever the umask is; what exists
 * already is left as it is (-ENOTDIR where it is no directory), unless it is what a killed process left half-made. *ret_made (may be NULL): whether path was
 * missing or half-made. Durable after fs_sync_path. */
int fs_mkdirs(int dir, struct str path, uid_t uid, gid_t gid, mode_t mode, bool *ret_made, struct err *e);
/* Whether st is a directory that a killed process began to make. */
bool fs_half_made(const struct stat *st);
/* fsync of the directory and of every one above it, up to dir: no cut of the power loses it, or its mode. Where all that is on disk already it costs a call a level. */
int fs_sync_path(int dir, struct str path, struct err *e);

/* Makes or replaces the file in one step: written without a name, fsynced, linked or renamed into its place, directory fsynced. Owner is the process; mode is exact. */
int fs_replace(int dir, struct str path, struct str content, mode_t mode, struct err *e);
/* What begins with this is a file or a link for the instant before it replaces another one; only the process that makes it may see it. */
#define FS_BESIDE ".ctstack-new-"
/* Removes what a killed process left under such names in the directory, and so many levels below it. */
int fs_sweep(int dir, int depth, struct err *e);
/* Writes an existing regular file in place, so that it keeps its inode: for files that are bind-mounted elsewhere. Space is reserved before the first
 * byte changes. A reader in the same moment may see a part of both. */
int fs_overwrite(int dir, struct str path, struct str content, mode_t mode, struct err *e);
/* Removes a file (not a directory), or an empty directory. 0 where it is gone already. Durable. */
int fs_remove(int dir, struct str path, struct err *e);
int fs_rmdir(int dir, struct str path, struct err *e);

#endif
