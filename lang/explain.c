/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The long texts of diagnostics. The page is taken in by the assembler as it is; its sections are found by their headings, "## CODE name". Of Markdown it has
 * paragraphs and blocks of code, and no more is understood here. */
#include "lang/explain.h"


__asm__(".section .rodata\n"
	"explain_page: .incbin \"spec/diagnostics.md\"\n"
	"explain_page_end: .byte 0\n"
	".previous");
extern const char explain_page[], explain_page_end[];

enum { WIDTH = 80 };

/* What stands behind the heading of a code, up to the next one; empty where there is none. */
static struct str section(enum diag_code code)
{
	struct str page = {explain_page, (size_t)(explain_page_end - explain_page)}, found = {0};

	while (page.n) {
		struct str line = str_cut(page, '\n', &page);

		if (!str_starts(line, STR("## ")))
			continue;
		if (found.s) {
			found.n = (size_t)(line.s - found.s);
			return found;
		}
		line = (struct str){line.s + 3, line.n - 3};
		if (str_starts(line, str_of(diag_infos[code].code)))
			found = page;
	}
	return found;
}

/* A paragraph of the page, broken anew. *cells: where the line at hand ends. */
static void put_words(struct str line, size_t *cells, struct buf *out)
{
	while (line.n) {
		struct str word = str_cut(line, ' ', &line);
		size_t wide = 0;

		for (size_t i = 0; i < word.n; i++)
			wide += ((unsigned char)word.s[i] & 0xc0) != 0x80;
		if (!wide)
			continue;
		if (*cells && *cells + 1 + wide > WIDTH) {
			buf_addc(out, '\n');
			*cells = 0;
		}
		if (*cells)
			buf_addc(out, ' ');
		*cells += wide + (*cells != 0);
		buf_str(out, word);
	}
}

/* What stands above a block: ```ctstack, ```sh, or ```ctstack OPTION… where options of the command line belong to it. */
static void put_heading(struct str fence, size_t before, struct buf *out)
{
	struct str options;

	str_cut(fence, ' ', &options);
	buf_puts(out, before ? "\nRight" : "Wrong");
	if (str_starts(fence, STR("```sh")))
		buf_puts(out, ", as a shell writes it");
	if (options.n)
		buf_fmt(out, ", with %.*s", STR_ARG(options));
	buf_puts(out, ":\n\n");
}

void explain(enum diag_code code, struct buf *out)
{
	const struct diag_info *info = &diag_infos[code];
	struct str rest = section(code);
	size_t cells = 0, blocks = 0;
	bool inside = false;

	buf_fmt(out, "%s: %s\n%s `%s`\n\n", info->code, info->title, info->severity == SEV_ERROR ? "Error" : "Lint", DIAG_NAME(code).s);
	while (rest.n) {
		struct str line = str_cut(rest, '\n', &rest);

		if (str_starts(line, STR("```"))) {
			inside = !inside;
			if (inside)
				put_heading(line, blocks++, out);
		} else if (inside) {
			buf_fmt(out, "%s%.*s\n", line.n ? "    " : "", STR_ARG(line));
		} else if (line.n) {
			put_words(line, &cells, out);
		} else if (cells) {
			buf_puts(out, "\n\n");
			cells = 0;
		}
	}
}

void explain_list(struct buf *out)
{
	for (unsigned code = 0; code < DIAG_COUNT; code++)
		buf_fmt(out, "%s  %-20s %s\n", diag_infos[code].code, DIAG_NAME(code).s, diag_infos[code].title);
}
