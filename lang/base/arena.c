/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Chunks double from 16 KiB to 256 KiB; then they are huge pages of 2 MiB, where the kernel has them: most of what a large compilation costs is otherwise the page
 * faults of its memory. [measured, in a virtual machine: 64 MiB touched in 4 KiB pages 327 ms, in huge ones 5 ms] Where a large
 * object comes early, so do they. Behind the first one comes a smaller chunk of small pages: what outgrows the first often does so by little, and a huge page is there
 * whole or not at all. An object larger than a chunk gets a chunk of its own. */
#include "lang/base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { CHUNK_MIN = 16 << 10, CHUNK_SMALL = 256 << 10, CHUNK_BETWEEN = 512 << 10, CHUNK_HUGE = 2 << 20 };

/* The leak checker does not look for pointers in memory that malloc does not know. */
#ifdef __SANITIZE_ADDRESS__
enum { HUGE_PAGES = 0 };
#else
enum { HUGE_PAGES = 1 };
#endif

struct arena_chunk {
	struct arena_chunk *older;
	size_t size;		/* of bytes */
	size_t mapped;		/* length of the mapping; 0: from malloc */
	struct arena_mark clean;	/* of one that is not the newest: what was never used of it */
	_Alignas(ARENA_ALIGN) char bytes[];
};

static _Noreturn void no_memory(void)
{
	fputs("ctc: out of memory\n", stderr);
	exit(70); /* EX_SOFTWARE of sysexits.h: the host is not at fault, and nothing was left half-made */
}

void *xrealloc(void *p, size_t size)
{
	p = realloc(p, size ? size : 1);
	if (!p)
		no_memory();
	return p;
}

/* A mapping that begins and ends at huge pages; NULL where there is no memory. */
static void *map_huge(size_t size)
{
	char *p = mmap(NULL, size + CHUNK_HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t before;

	if (p == MAP_FAILED)
		return NULL;
	before = (CHUNK_HUGE - ((uintptr_t)p & (CHUNK_HUGE - 1))) & (CHUNK_HUGE - 1);
	if (before)
		munmap(p, before);
	munmap(p + before + size, CHUNK_HUGE - before);
	madvise(p + before, size, MADV_HUGEPAGE); /* a wish: without it the pages are small */
	return p + before;
}

static struct arena_chunk *chunk_new(size_t size)
{
	size_t whole = sizeof(struct arena_chunk) + size;
	struct arena_chunk *c;

	if (HUGE_PAGES && whole >= CHUNK_HUGE) {
		size_t mapped = (whole + CHUNK_HUGE - 1) & ~(size_t)(CHUNK_HUGE - 1);

		c = map_huge(mapped);
		if (c) {
			c->mapped = mapped;
			c->size = mapped - sizeof *c;
		}
		return c;
	}
	c = calloc(1, whole);
	if (c)
		c->size = size;
	return c;
}

static void chunk_free(struct arena_chunk *c)
{
	if (c->mapped)
		munmap(c, c->mapped);
	else
		free(c);
}

/* The next of the spare chunks, zeroed; NULL where there is none with that much room. */
static struct arena_chunk *spare_take(struct arena *a, size_t need)
{
	struct arena_chunk *c = a->spare;

	if (!c || c->size < need)
		return NULL;
	a->spare = c->older;
	memset(c->bytes, 0, (size_t)(c->clean.next - c->bytes));
	memset(c->clean.end, 0, (size_t)(c->bytes + c->size - c->clean.end));
	return c;
}

/* Whether the newest chunk is the first huge one. */
static bool is_first_huge(const struct arena_chunk *c)
{
	return c && c->mapped && (!c->older || c->older->size <= CHUNK_SMALL);
}

static struct arena_chunk *chunk_grown(struct arena *a, size_t need)
{
	size_t size = a->chunks ? a->chunks->size * 2 : CHUNK_MIN;
	struct arena_chunk *c;

	if (is_first_huge(a->chunks) && need <= CHUNK_BETWEEN / 2)
		size = CHUNK_BETWEEN;
	else if (size > CHUNK_SMALL || need > CHUNK_SMALL / 2)
		size = CHUNK_HUGE - sizeof *c;
	if (size < need)
		size = need;
	if (size > SIZE_MAX - sizeof *c - 2 * CHUNK_HUGE)
		no_memory();
	c = chunk_new(size);
	if (!c)
		no_memory();
	a->total += c->size;
	return c;
}

static void arena_grow(struct arena *a, size_t need)
{
	struct arena_chunk *c = spare_take(a, need);

	if (!c)
		c = chunk_grown(a, need);
	if (a->chunks)
		a->chunks->clean = arena_mark(a);
	c->older = a->chunks;
	a->chunks = c;
	a->next = c->bytes;
	a->end = c->bytes + c->size;
}

void *arena_alloc_slowly(struct arena *a, size_t size)
{
	if (size > SIZE_MAX - ARENA_ALIGN)
		no_memory();
	size = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	arena_grow(a, size);
	void *p = a->next;
	a->next += size;
	return p;
}

void arena_expect(struct arena *a, size_t bytes)
{
	if (bytes >= CHUNK_BETWEEN && bytes > (size_t)(a->end - a->next))
		arena_grow(a, bytes);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		no_memory();
	return arena_alloc(a, bytes);
}

bool arena_extend(struct arena *a, void *last, size_t size, size_t longer)
{
	if (longer > SIZE_MAX - ARENA_ALIGN)
		return false;
	size = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	longer = (longer + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	if (!last || a->next - size != (char *)last || longer - size > (size_t)(a->end - a->next))
		return false;
	a->next += longer - size;
	return true;
}

char *arena_copy(struct arena *a, const void *bytes, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	if (n)
		memcpy(p, bytes, n);
	return p;
}

char *arena_text_slowly(struct arena *a, size_t n)
{
	if (n > SIZE_MAX - ARENA_ALIGN)
		no_memory();
	arena_grow(a, n + 1);
	return a->end -= n + 1;
}

/* Where the mark lies in an older chunk, all of the newest is later than it. */
void arena_rewind(struct arena *a, struct arena_mark to)
{
	struct arena_chunk *c = a->chunks;

	if (!c)
		return;
	if (to.next < c->bytes || to.end > c->bytes + c->size)
		to = (struct arena_mark){c->bytes, c->bytes + c->size};
	memset(to.next, 0, (size_t)(a->next - to.next));
	memset(a->end, 0, (size_t)(to.end - a->end));
	a->next = to.next;
	a->end = to.end;
}

static void chunks_free(struct arena_chunk *c)
{
	for (struct arena_chunk *older; c; c = older) {
		older = c->older;
		chunk_free(c);
	}
}

void arena_free(struct arena *a)
{
	chunks_free(a->chunks);
	chunks_free(a->spare);
	*a = (struct arena){0};
}

void arena_reset(struct arena *a)
{
	struct arena_chunk **end = &a->chunks;

	if (a->chunks)
		a->chunks->clean = arena_mark(a);
	while (*end)
		end = &(*end)->older;
	*end = a->spare;
	*a = (struct arena){.spare = a->chunks, .total = a->total};
}
