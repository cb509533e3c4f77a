/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Byte slices that are never written through, and a builder for what grows. A slice owns nothing: its bytes live in a source text,
 * an arena or the program. Slices that come from str_copy, str_fmt or buf_take have a NUL behind them. */
#ifndef CTC_BASE_STR_H
#define CTC_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lang/base/arena.h"

struct str {
	const char *s;
	size_t n;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
/* For printf's "%.*s". */
#define STR_ARG(x) (int)(x).n, (x).s ? (x).s : ""

static inline struct str str_of(const char *nul_terminated)
{
	return (struct str){nul_terminated, nul_terminated ? strlen(nul_terminated) : 0};
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.s, b.s, a.n) == 0);
}

/* In the header, so that a word of the program is compared without a call. */
static inline bool str_is(struct str a, const char *nul_terminated)
{
	return str_eq(a, str_of(nul_terminated));
}
static inline bool str_starts(struct str a, struct str prefix)
{
	return a.n >= prefix.n && (prefix.n == 0 || memcmp(a.s, prefix.s, prefix.n) == 0);
}
bool str_ends(struct str a, struct str suffix);
bool str_has(struct str a, char c);
/* How many bytes it begins with that are among these. */
size_t str_span(struct str a, const char *of);
static inline bool str_only(struct str a, const char *of)
{
	return str_span(a, of) == a.n;
}
/* Where a word of the program, which is short, begins in a text for the first time, or NULL; memmem is for longer ones. */
const char *str_find(struct str a, struct str word);
/* Bytewise, as memcmp: negative, 0 or positive. */
int str_cmp(struct str a, struct str b);
/* FNV-1a, 64 bits: stable across hosts and versions (interface names are derived from it). */
uint64_t str_hash(struct str a);
/* The part before the first c, or all of it; *rest (may be NULL) is what follows c, empty where there is none. */
struct str str_cut(struct str a, char c, struct str *rest);

struct str str_copy(struct arena *a, struct str s);
/* All parts one behind the other: STR_JOIN(a, STR("ct-"), stack, STR("-"), name). */
struct str str_join(struct arena *a, const struct str *parts, size_t n);
#define STR_JOIN(a, ...) str_join((a), (struct str[]){__VA_ARGS__}, sizeof((struct str[]){__VA_ARGS__}) / sizeof(struct str))
struct str str_fmt(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A builder. All zero is empty; buf_free when done, or buf_take to move the text into an arena. */
struct buf {
	char *s;
	size_t n, cap;
};

void buf_free(struct buf *b);
/* Room for n more bytes and a NUL. */
void buf_reserve(struct buf *b, size_t more);
static inline void buf_add(struct buf *b, const void *bytes, size_t n)
{
	if (b->cap - b->n <= n)
		buf_reserve(b, n);
	if (n)
		memcpy(b->s + b->n, bytes, n);
	b->n += n;
}
static inline void buf_puts(struct buf *b, const char *nul_terminated)
{
	buf_add(b, nul_terminated, strlen(nul_terminated));
}
void buf_blanks(struct buf *b, size_t n);
/* Writes a number's decimal digits so that they end before `end`, where there is room for UINT_DIGITS; returns the first. */
enum { UINT_DIGITS = 20 };
static inline char *uint_before(char *end, uint64_t v)
{
	do {
		*--end = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	return end;
}
void buf_uint(struct buf *b, uint64_t v);	/* decimal */
void buf_shell(struct buf *b, struct str word);	/* as a word of a POSIX shell: as it is, or in single quotes */
void buf_fmt(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vfmt(struct buf *b, const char *fmt, va_list ap);
/* Copies what was built into the arena, and frees and empties the builder. */
struct str buf_take(struct buf *b, struct arena *a);

static inline void buf_addc(struct buf *b, char c)
{
	if (b->cap - b->n > 1)
		b->s[b->n++] = c;
	else
		buf_add(b, &c, 1);
}

static inline void buf_str(struct buf *b, struct str s)
{
	buf_add(b, s.s, s.n);
}

static inline struct str buf_view(const struct buf *b)
{
	return (struct str){b->s, b->n};
}

#endif
