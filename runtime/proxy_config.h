/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Configurations of reverse proxies as values: JSON in which each route bears its host name. Nothing here knows who serves them. */
#ifndef CTC_RUNTIME_PROXY_CONFIG_H
#define CTC_RUNTIME_PROXY_CONFIG_H

#include "lang/base/err.h"

/* `config` without those routes whose host name `other` has no route for. Canonical (sorted keys, no blanks), in the arena. -EBADMSG where one of them is not such a text. */
int proxy_config_common(struct str config, struct str other, struct arena *a, struct str *ret, struct err *e);

/* Whether both say the same, in whatever order and with whatever blanks. */
bool proxy_config_same(struct str a, struct str b);

#endif
