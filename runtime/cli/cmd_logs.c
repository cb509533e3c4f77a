/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ctc logs [STACK[.CONTAINER]…]: what containers said, out of the host's journal. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lang/base/cleanup.h"
#include "runtime/cli/change.h"
#include "runtime/cli/select.h"
#include "runtime/spawn.h"

struct wish {
	bool follow;
	const char *lines, *since;
};

/* A line as the program wrote it, of an entry of the journal in JSON. Some releases of conmon (2.1.6) keep its end in the entry. */
static void line_print(const char *entry, size_t n)
{
	json_t *j = json_loadb(entry, n, JSON_ALLOW_NUL, NULL), *message = json_object_get(j, "MESSAGE"), *byte;
	size_t len = json_string_length(message), i;

	if (json_is_array(message)) { /* what is not UTF-8 comes as numbers */
		len = json_array_size(message);
		json_array_foreach(message, i, byte)
			if (i + 1 < len || json_integer_value(byte) != '\n')
				putchar((int)json_integer_value(byte));
	} else if (json_is_string(message)) {
		const char *text = json_string_value(message);

		fwrite(text, 1, len > 0 && text[len - 1] == '\n' ? len - 1 : len, stdout);
	}
	if (message)
		putchar('\n');
	json_decref(j);
}

/* What journalctl prints as JSON, until it ends; its status. Where nobody reads what we print any more it is ended: --follow would wait for another line. */
static int lines_print(struct cli *c, const char *path, char *const *argv, bool follow)
{
	int ends[2], status = 0;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return cli_fail(c, "cannot make a pipe: %s", strerror(errno));
	pid_t child = fork();
	if (child == 0) {
		if (dup2(ends[1], STDOUT_FILENO) >= 0)
			execv(path, argv);
		_exit(STATUS_REFUSED);
	}
	close(ends[1]);
	FILE *f = fdopen(ends[0], "re");
	_mem_ char *entry = NULL;
	size_t size = 0;
	ssize_t n;

	if (child < 0 || !f)
		return cli_fail(c, "cannot run %s: %s", path, strerror(errno));
	while (!ferror(stdout) && (n = getline(&entry, &size, f)) > 0) {
		line_print(entry, (size_t)n);
		if (follow)
			fflush(stdout);
	}
	fclose(f);
	if (ferror(stdout))
		kill(child, SIGTERM);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (ferror(stdout))
		return STATUS_DONE;
	return WIFEXITED(status) ? WEXITSTATUS(status) : STATUS_REFUSED;
}

/* Several containers: journalctl(1) says whose line it is. */
static int show(struct cli *c, struct session *s, const struct selected *which, const struct wish *w)
{
	enum { OWN_WORDS = 8 };
	const char **argv = arena_array(&s->arena, which->all.n + OWN_WORDS, sizeof *argv);
	char path[PATH_MAX];
	bool one = which->all.n == 1;
	size_t n = 0;

	argv[n++] = "journalctl";
	argv[n++] = one ? "--output=json" : "--output=short-iso";
	if (one) {
		argv[n++] = "--output-fields=MESSAGE";
		argv[n++] = "--all";
	}
	if (w->follow)
		argv[n++] = "--follow";
	if (w->lines)
		argv[n++] = str_fmt(&s->arena, "--lines=%s", w->lines).s;
	if (w->since)
		argv[n++] = str_fmt(&s->arena, "--since=%s", w->since).s;
	for (size_t i = 0; i < which->all.n; i++)
		argv[n++] = str_fmt(&s->arena, "--unit=%.*s", STR_ARG(which->all.at[i]->unit)).s;
	argv[n] = NULL;
	if (!spawn_find(argv[0], path, sizeof path))
		return cli_fail(c, "%s is not installed", argv[0]);
	if (one)
		return lines_print(c, path, (char *const *)argv, w->follow);
	execv(path, (char *const *)argv);
	return cli_fail(c, "cannot run %s: %s", path, strerror(errno));
}

static int run(struct cli *c, struct session *s, int n, char **argv, const struct wish *w)
{
	struct selected which;
	struct err e;
	int r = session_look(s, &e);

	if (r == 0)
		r = select_containers(s, argv + 1, n, &which, &e);
	if (r < 0)
		return cli_err(c, &e);
	if (!which.all.n)
		return cli_fail(c, "there is no container on this host");
	return show(c, s, &which, w);
}

int cmd_logs(struct cli *c, int argc, char **argv)
{
	struct wish w = {0};
	const struct cli_option options[] = {
		{"follow", 'f', CLI_FLAG, &w.follow, NULL, "go on with what comes", NULL},
		{"lines", 'n', CLI_TEXT, &w.lines, "NUMBER", "only the last lines", NULL},
		{"since", 0, CLI_TEXT, &w.since, "TIME", "only what is newer: \"10 min ago\", \"2024-05-01 12:00\"", NULL},
		{0},
	};
	int status = STATUS_REFUSED, n = cli_options(c, options, argc, argv, &status);
	struct session s;

	if (n < 0)
		return status;
	session_begin(&s);
	status = run(c, &s, n, argv, &w);
	session_end(&s);
	return status;
}
