/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Slices and the builder. */
#include "lang/base/str.h"

#include <stdio.h>
#include <stdlib.h>

bool str_ends(struct str a, struct str suffix)
{
	return a.n >= suffix.n && (suffix.n == 0 || memcmp(a.s + a.n - suffix.n, suffix.s, suffix.n) == 0);
}

bool str_has(struct str a, char c)
{
	return a.n && memchr(a.s, c, a.n);
}

size_t str_span(struct str a, const char *of)
{
	size_t n = 0;

	while (n < a.n && a.s[n] && strchr(of, a.s[n]))
		n++;
	return n;
}

const char *str_find(struct str a, struct str word)
{
	const char *at = a.s, *end = a.s + a.n;

	for (; (size_t)(end - at) >= word.n && (at = memchr(at, word.s[0], (size_t)(end - at))); at++)
		if ((size_t)(end - at) >= word.n && memcmp(at, word.s, word.n) == 0)
			return at;
	return NULL;
}

int str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.s, b.s, n) : 0;

	return order ? order : (a.n > b.n) - (a.n < b.n);
}

uint64_t str_hash(struct str a)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < a.n; i++)
		h = (h ^ (unsigned char)a.s[i]) * 0x100000001b3u;
	return h;
}

struct str str_cut(struct str a, char c, struct str *rest)
{
	const char *at = a.n ? memchr(a.s, c, a.n) : NULL;
	size_t n = at ? (size_t)(at - a.s) : a.n;

	if (rest)
		*rest = at ? (struct str){at + 1, a.n - n - 1} : (struct str){a.s + a.n, 0};
	return (struct str){a.s, n};
}

struct str str_copy(struct arena *a, struct str s)
{
	char *copy = arena_text(a, s.n);

	if (s.n)
		memcpy(copy, s.s, s.n);
	return (struct str){copy, s.n};
}

struct str str_join(struct arena *a, const struct str *parts, size_t n)
{
	size_t len = 0, at = 0;

	for (size_t i = 0; i < n; i++)
		len += parts[i].n;
	char *s = arena_text(a, len);
	for (size_t i = 0; i < n; i++) {
		if (parts[i].n)
			memcpy(s + at, parts[i].s, parts[i].n);
		at += parts[i].n;
	}
	return (struct str){s, len};
}

struct str str_fmt(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	struct str out;

	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	out.n = n < 0 ? 0 : (size_t)n;
	char *s = arena_text(a, out.n);
	vsnprintf(s, out.n + 1, fmt, again);
	va_end(again);
	out.s = s;
	return out;
}

void buf_free(struct buf *b)
{
	free(b->s);
	*b = (struct buf){0};
}

void buf_reserve(struct buf *b, size_t more)
{
	if (b->cap - b->n > more) /* one byte is kept for the NUL of vsnprintf */
		return;
	size_t cap = b->cap ? b->cap * 2 : 256;
	while (cap - b->n <= more)
		cap *= 2;
	b->s = xrealloc(b->s, cap);
	b->cap = cap;
}

void buf_blanks(struct buf *b, size_t n)
{
	buf_reserve(b, n);
	memset(b->s + b->n, ' ', n);
	b->n += n;
}

void buf_uint(struct buf *b, uint64_t v)
{
	char digits[UINT_DIGITS], *end = digits + sizeof digits, *first = uint_before(end, v);

	buf_add(b, first, (size_t)(end - first));
}

void buf_vfmt(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	buf_reserve(b, 80);
	int n = vsnprintf(b->s + b->n, b->cap - b->n, fmt, ap);
	if (n > 0 && (size_t)n >= b->cap - b->n) {
		buf_reserve(b, (size_t)n);
		vsnprintf(b->s + b->n, b->cap - b->n, fmt, again);
	}
	va_end(again);
	if (n > 0)
		b->n += (size_t)n;
}

void buf_shell(struct buf *b, struct str word)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-+@%:,=";
	size_t i = 0;

	while (i < word.n && word.s[i] && strchr(plain, word.s[i]))
		i++;
	if (word.n && i == word.n) {
		buf_str(b, word);
		return;
	}
	buf_addc(b, '\'');
	for (i = 0; i < word.n; i++) {
		if (word.s[i] == '\'')
			buf_puts(b, "'\\'");
		buf_addc(b, word.s[i]);
	}
	buf_addc(b, '\'');
}

void buf_fmt(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vfmt(b, fmt, ap);
	va_end(ap);
}

struct str buf_take(struct buf *b, struct arena *a)
{
	struct str out = str_copy(a, buf_view(b));

	buf_free(b);
	return out;
}
