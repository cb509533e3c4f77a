/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Who a program is run as in a container: "USER", "USER:GROUP", by names or numbers, as the files of the container itself have them. */
#ifndef CTC_RUNTIME_ENTER_USER_H
#define CTC_RUNTIME_ENTER_USER_H

#include <stdbool.h>
#include <sys/types.h>

enum { ENTER_GROUPS_MAX = 64, ENTER_TEXT_MAX = 256 };

struct enter_user {
	uid_t uid;
	gid_t gid, groups[ENTER_GROUPS_MAX];
	size_t ngroups;
	char name[ENTER_TEXT_MAX], home[ENTER_TEXT_MAX];	/* name: empty where only its number is known */
};

/* Reads /etc/passwd and /etc/group of the calling process, which must be in the container; no other source is asked, so that nothing of the container's is loaded. false: there is no such
 * user or group. A number needs no line there. */
bool enter_user_find(const char *spec, struct enter_user *ret);

#endif
