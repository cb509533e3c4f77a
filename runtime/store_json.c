/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The store's small JSON objects: getters that check types and ranges. */
#include "lang/base/json.h"
#include "runtime/store_impl.h"

bool store_get_u32(const json_t *object, const char *key, uint32_t *ret)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > UINT32_MAX)
		return false;
	*ret = (uint32_t)json_integer_value(value);
	return true;
}

bool store_get_time(const json_t *object, const char *key, int64_t *ret)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value))
		return false;
	*ret = json_integer_value(value);
	return true;
}

bool store_get_str(const json_t *object, const char *key, struct arena *a, struct str *ret)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_string(value))
		return false;
	*ret = str_copy(a, (struct str){json_string_value(value), json_string_length(value)});
	return true;
}

void store_put_str(struct buf *out, const char *key, struct str text)
{
	buf_fmt(out, ",\"%s\":", key);
	json_str(out, text);
}
