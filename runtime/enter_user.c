/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See enter_user.h. getpwnam(3) would load what nsswitch.conf names; the files are read as they are. */
#include "runtime/enter_user.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lang/base/cleanup.h"

static bool number(const char *text, unsigned *ret)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*ret = (unsigned)n;
	return *text >= '0' && *text <= '9' && !*end && n < UINT32_MAX;
}

static bool find_user(const char *name, struct enter_user *ret)
{
	_file_ FILE *f = fopen("/etc/passwd", "re");
	const struct passwd *p;
	unsigned uid;
	bool by_number = number(name, &uid);

	while (f && (p = fgetpwent(f)))
		if (by_number ? p->pw_uid == uid : strcmp(p->pw_name, name) == 0) {
			ret->uid = p->pw_uid;
			ret->gid = p->pw_gid;
			snprintf(ret->name, sizeof ret->name, "%s", p->pw_name);
			snprintf(ret->home, sizeof ret->home, "%s", p->pw_dir);
			return true;
		}
	ret->uid = by_number ? uid : 0;
	snprintf(ret->home, sizeof ret->home, "/");
	return by_number;
}

static bool find_group(const char *name, struct enter_user *ret)
{
	_file_ FILE *f = fopen("/etc/group", "re");
	const struct group *g;
	unsigned gid;

	if (number(name, &gid)) {
		ret->gid = gid;
		return true;
	}
	while (f && (g = fgetgrent(f)))
		if (strcmp(g->gr_name, name) == 0) {
			ret->gid = g->gr_gid;
			return true;
		}
	return false;
}

/* Those that it is a member of. */
static void find_groups(struct enter_user *ret)
{
	_file_ FILE *f = fopen("/etc/group", "re");
	const struct group *g;

	while (f && *ret->name && ret->ngroups < ENTER_GROUPS_MAX && (g = fgetgrent(f)))
		for (char *const *member = g->gr_mem; *member && ret->ngroups < ENTER_GROUPS_MAX; member++)
			if (strcmp(*member, ret->name) == 0)
				ret->groups[ret->ngroups++] = g->gr_gid;
}

bool enter_user_find(const char *spec, struct enter_user *ret)
{
	char user[ENTER_TEXT_MAX];
	const char *colon = strchr(spec, ':');
	size_t n = colon ? (size_t)(colon - spec) : strlen(spec);

	*ret = (struct enter_user){0};
	if (n == 0 || n >= sizeof user)
		return false;
	memcpy(user, spec, n);
	user[n] = '\0';
	if (!find_user(user, ret))
		return false;
	if (colon)
		return find_group(colon + 1, ret);
	find_groups(ret);
	return true;
}
