/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * YAML read as JSON: the part of it that configuration files use. */
#ifndef CTC_RUNTIME_YAML_H
#define CTC_RUNTIME_YAML_H

#include <jansson.h>

#include "lang/base/err.h"
#include "lang/base/str.h"

/* The one document of the text; the caller's to json_decref. Scalars are strings, except plain ones that are whole numbers, true, false or null. Aliases, tags, several documents, keys
 * that are no scalars or stand twice, and nesting beyond 64 levels are refused (-EBADMSG, with the line): with them a small text could become a large value. */
int yaml_read(struct str text, json_t **ret, struct err *e);

#endif
