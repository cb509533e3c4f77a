/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is done to an arbitrary input, for the fuzzer and for the museum of inputs that once did harm (tests/bogons): parse and format; compile; decode a manifest.
 * Each goes on with what it made, so that half-made values are met: trees are printed, diagnostics rendered in every format, manifests written and read again. */
#ifndef CTC_TESTS_FUZZ_TARGETS_H
#define CTC_TESTS_FUZZ_TARGETS_H

#include <stdlib.h>

#include "compiler/compile.h"
#include "compiler/graph.h"
#include "lang/base/cleanup.h"
#include "lang/print.h"

/* A copy of exactly that size, so that a read behind its end is seen. */
static inline char *target_copy(const void *data, size_t n)
{
	char *copy = malloc(n ? n : 1);

	if (!copy)
		abort();
	memcpy(copy, data, n);
	return copy;
}

static inline void target_render(struct diags *d)
{
	_buf_ struct buf out = {0};

	diags_render(d, DIAG_TEXT, true, &out);
	diags_render(d, DIAG_JSON, false, &out);
	diags_render(d, DIAG_SARIF, false, &out);
}

/* Formats; what is formatted stays as it is. */
static inline void target_parse(const void *data, size_t n)
{
	_arena_ struct arena a = {0};
	_mem_ char *copy = target_copy(data, n);
	_buf_ struct buf once = {0}, twice = {0};
	struct sources sources = {.arena = &a};
	struct diags diags = {.arena = &a, .sources = &sources};
	struct source *source = source_add(&sources, STR("input.ctstack"), (struct str){copy, n});

	if (!source)
		return;
	if (print_source(&diags, source, &once)) {
		source = source_add(&sources, STR("formed.ctstack"), buf_view(&once));
		if (source && (!print_source(&diags, source, &twice) || !str_eq(buf_view(&once), buf_view(&twice))))
			abort();
	}
	target_render(&diags);
}

/* The whole compiler. The path is one beside which nothing is, so that nothing is read. */
static inline void target_compile(const void *data, size_t n)
{
	_mem_ char *copy = target_copy(data, n);
	_buf_ struct buf out = {0}, again = {0};
	struct compilation c = {0};
	struct arena a = {0};
	struct err e = {0};

	if (compile_text(&c, STR("/nonexistent/input.ctstack"), (struct str){copy, n}) == 0) {
		struct manifest back = {.arena = &a};

		manifest_encode(&c.manifest, &out);
		if (manifest_decode(buf_view(&out), &back, &e) < 0)
			abort();
		manifest_encode(&back, &again);
		if (!str_eq(buf_view(&out), buf_view(&again)))
			abort();
		graph_print(&c.model, GRAPH_DOT, &out);
		graph_print(&c.model, GRAPH_MERMAID, &out);
	}
	target_render(&c.diags);
	compilation_end(&c);
	arena_free(&a);
}

/* What can be read is written in one way, which can be read. */
static inline void target_manifest(const void *data, size_t n)
{
	_arena_ struct arena a = {0};
	_mem_ char *copy = target_copy(data, n);
	_buf_ struct buf out = {0}, again = {0};
	struct manifest m = {.arena = &a}, back = {.arena = &a};
	struct err e = {0};

	if (manifest_decode((struct str){copy, n}, &m, &e) < 0)
		return;
	manifest_encode(&m, &out);
	if (manifest_decode(buf_view(&out), &back, &e) < 0)
		abort();
	manifest_encode(&back, &again);
	if (!str_eq(buf_view(&out), buf_view(&again)))
		abort();
}

#endif
