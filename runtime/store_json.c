/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The store's small JSON objects: getters that check types and ranges. */
#include "lang/base/json.h"
#include "runtime/digest.h"
#include "runtime/store_impl.h"

/* The last line of a sealed text: "# " digest "\n". */
enum { SEAL_LINE = 2 + DIGEST_TEXT + 1 };

void store_seal(struct buf *text)
{
	char digest[DIGEST_TEXT + 1];

	digest_hex(buf_view(text), digest);
	buf_fmt(text, "# %s\n", digest);
}

bool store_unseal(struct str *text)
{
	char digest[DIGEST_TEXT + 1], line[SEAL_LINE + 1];

	if (text->n < SEAL_LINE)
		return false;
	struct str body = {text->s, text->n - SEAL_LINE};
	digest_hex(body, digest);
	snprintf(line, sizeof line, "# %s\n", digest);
	if (memcmp(text->s + body.n, line, SEAL_LINE) != 0)
		return false;
	*text = body;
	return true;
}

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
