/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The user's mistakes. They are collected, never printed where they are found, and never end the run: sorted by position, without
 * duplicates, capped, and rendered once. Every code has one line in diag.def (code, name, severity, title) and one golden. */
#ifndef CTC_LANG_DIAG_H
#define CTC_LANG_DIAG_H

#include "lang/source.h"

/* OFF: a lint that is only said where somebody asks for it (lint.h). */
enum severity { SEV_ERROR, SEV_WARNING, SEV_OFF };

enum diag_code {
#define DIAG(code, name, severity, title) DIAG_##name,
#include "lang/diag.def"
#undef DIAG
	DIAG_COUNT
};

struct diag_note {
	struct span at;		/* {0,0}: belongs to the whole message (printed as "help: …") */
	struct str text;
};

struct diag {
	enum diag_code code;
	enum severity severity;	/* its code's, until lints_apply says otherwise */
	bool silenced;		/* taken away at the end (lint.c) */
	struct span at;
	struct str text;	/* one sentence, no full stop, no newline */
	struct str label;	/* short, beside the caret; may be empty */
	struct str suggested;	/* what may have been meant; see diag_fix */
	VEC(struct diag_note) notes;
};

struct diags {
	struct arena *arena;
	struct sources *sources;
	VEC(struct diag *) all;
	size_t errors, warnings;
	bool partly;		/* for errors in what they need, not all rules were looked at */
	bool idle[DIAG_COUNT];	/* lints that need not be looked for (lints_idle) */
};

/* What is said of that at the end. */
#define DIAGS_PARTLY "rules that need what is wrong here were not checked, nor were lints"

enum { DIAG_CAP = 50 };		/* how many are printed; the rest is counted */

struct diag_info {
	const char *code;	/* "E0203" */
	const char *name;	/* "image_tag"; people see and write it with `-`: diag_name() */
	enum severity severity;
	const char *title;
};
extern const struct diag_info diag_infos[DIAG_COUNT];

/* "image-tag": what people call it. The room is the caller's. */
enum { DIAG_NAME_MAX = 40 };
struct str diag_name(enum diag_code code, char room[DIAG_NAME_MAX]);
#define DIAG_NAME(code) diag_name((code), (char[DIAG_NAME_MAX]){0})
/* The diagnostic with this code ("E0203", letter case does not matter) or name; where there is none: DIAG_COUNT, and in *ret_near (may be NULL) the one that may be
 * meant, or DIAG_COUNT. */
enum diag_code diag_find(struct str word, enum diag_code *ret_near);

/* Adds one; returns it so that notes can be hung on. */
struct diag *diag_add(struct diags *d, enum diag_code code, struct span at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Takes one back, where it is still the newest. */
void diag_drop(struct diags *d, const struct diag *one);
/* "first used here", under its own line of source. */
void diag_note(struct diags *d, struct diag *on, struct span at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* "help: …": what to do. */
void diag_help(struct diags *d, struct diag *on, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* "did you mean `…`?", where best is not empty. */
void diag_suggest(struct diags *d, struct diag *on, struct str best);

/* Text that can stand in place of what the diagnostic is at, and mends it; empty where none is known. */
struct str diag_fix(struct diags *d, const struct diag *one);

enum diag_format { DIAG_TEXT, DIAG_JSON, DIAG_SARIF };	/* spec/tools.md */
/* Sorts, drops duplicates, renders into out. colour only for DIAG_TEXT. */
void diags_render(struct diags *d, enum diag_format format, bool colour, struct buf *out);
/* Sorted and united by then (diag_json.c, diag_sarif.c). */
void diags_json(struct diags *d, struct buf *out);
void diags_sarif(struct diags *d, struct buf *out);
/* "error", "warning" */
const char *severity_word(enum severity severity);

#endif
