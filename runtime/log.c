/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reading the journal with sd-journal(3), from the end backwards. Podman's events are left out: they are about the
 * container, not from it. What systemd itself says of the unit is left out too; the caller knows it better from the
 * bus. */
#include "runtime/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-journal.h>
#include <time.h>

#include "lang/base/cleanup.h"
#include "lang/base/utf8.h"

enum {
	ENTRIES_MAX = 2000,	/* looked at for one answer */
	SYNC_MS = 2000,
};

uint64_t log_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Asks journald to write out what it was sent, as `journalctl --sync` does (varlink, io.systemd.Journal). Where it
 * cannot, the lines may be a little old. */
static void journal_sync(void)
{
	/* varlink's messages end with the NUL */
	static const char call[] = "{\"method\":\"io.systemd.Journal.Synchronize\",\"parameters\":{}}";
	struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/io.systemd.journal"};
	_fd_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char answer[512];

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0 || send(fd, call, sizeof call, MSG_NOSIGNAL) < 0)
		return;
	/* the answer says nothing but that it is done */
	if (poll(&p, 1, SYNC_MS) == 1)
		(void)!recv(fd, answer, sizeof answer, 0);
}

static void journal_close(sd_journal **j)
{
	if (*j)
		sd_journal_close(*j);
}

/* The unit's processes, and conmon when it outlives the unit by a moment. */
static int journal_match(sd_journal *j, const char *unit)
{
	char match[400];
	const char *dot = strrchr(unit, '.');

	snprintf(match, sizeof match, "_SYSTEMD_UNIT=%s", unit);
	int r = sd_journal_add_match(j, match, 0);
	if (r >= 0)
		r = sd_journal_add_disjunction(j);
	snprintf(match, sizeof match, "CONTAINER_NAME=%.*s", dot ? (int)(dot - unit) : (int)strlen(unit), unit);
	return r < 0 ? r : sd_journal_add_match(j, match, 0);
}

/* Length of a character that a terminal shows as one, or 0. */
static size_t printable(const char *s, size_t n)
{
	uint32_t code;
	size_t len = utf8_decode(s, n, &code);

	return len && (code < 0x80 ? code >= 0x20 && code != 0x7f : !utf8_invisible(code)) ? len : 0;
}

/* Of a line that is too long the beginning and the end: there stands why. */
static void shorten(struct buf *line)
{
	static const char gap[] = " ... ";
	size_t keep = LOG_LINE_MAX - (sizeof gap - 1), head = keep / 3, tail = line->n - (keep - head);

	while (head && ((unsigned char)line->s[head] & 0xc0) == 0x80)
		head--;
	while (tail < line->n && ((unsigned char)line->s[tail] & 0xc0) == 0x80)
		tail++;
	memcpy(line->s + head, gap, sizeof gap - 1);
	memmove(line->s + head + sizeof gap - 1, line->s + tail, line->n - tail);
	line->n = head + sizeof gap - 1 + line->n - tail;
}

static struct str cleaned(struct arena *a, struct str line)
{
	struct buf out = {0};

	for (size_t i = 0; i < line.n;) {
		size_t len = printable(line.s + i, line.n - i);

		if (len)
			buf_add(&out, line.s + i, len);
		else
			buf_addc(&out, line.s[i] == '\t' ? ' ' : '?');
		i += len ? len : 1;
	}
	if (out.n > LOG_LINE_MAX)
		shorten(&out);
	return buf_take(&out, a);
}

/* The entry's message, cleaned; empty where it says nothing of its own. */
static struct str entry_line(struct arena *a, sd_journal *j)
{
	static const size_t prefix = sizeof "MESSAGE=" - 1;
	const void *data;
	size_t n;

	if (sd_journal_get_data(j, "PODMAN_EVENT", &data, &n) >= 0)
		return (struct str){0};
	if (sd_journal_get_data(j, "MESSAGE", &data, &n) < 0 || n <= prefix)
		return (struct str){0};
	struct str line = {(const char *)data + prefix, n - prefix};
	while (line.n && strchr(" \t\r\n", line.s[line.n - 1]))	/* conmon leaves the newline in */
		line.n--;
	return cleaned(a, line);
}

void log_tail(struct arena *a, const char *unit, uint64_t since_us, size_t max, struct strs *ret)
{
	_cleanup_(journal_close) sd_journal *j = NULL;
	struct str lines[LOG_LINES_MAX];
	size_t n = 0;
	uint64_t at;

	*ret = (struct strs){0};
	if (max > LOG_LINES_MAX)
		max = LOG_LINES_MAX;
	journal_sync();
	if (sd_journal_open(&j, SD_JOURNAL_LOCAL_ONLY) < 0 || journal_match(j, unit) < 0 || sd_journal_seek_tail(j) < 0)
		return;
	for (int i = 0; i < ENTRIES_MAX && n < max && sd_journal_previous(j) > 0; i++) {
		if (sd_journal_get_monotonic_usec(j, &at, NULL) < 0 || at < since_us)
			break;
		lines[n] = entry_line(a, j);
		n += lines[n].n > 0;
	}
	ret->at = arena_array(a, n + 1, sizeof *ret->at);
	ret->n = n;
	for (size_t i = 0; i < n; i++)
		ret->at[i] = lines[n - 1 - i];
}

static int journal_send(const char *program, const char *text)
{
	_arena_ struct arena a = {0};
	struct str fields[] = {STR_JOIN(&a, STR("MESSAGE="), str_of(text)), STR("PRIORITY=3"), STR_JOIN(&a, STR("SYSLOG_IDENTIFIER="), str_of(program))};
	struct iovec all[3];

	for (size_t i = 0; i < 3; i++)
		all[i] = (struct iovec){(char *)(uintptr_t)fields[i].s, fields[i].n};
	return sd_journal_sendv(all, 3);
}

void log_error(const char *program, const char *text)
{
	char line[900];
	int n = snprintf(line, sizeof line, "<3>%s: %s\n", program, text);
	size_t len = n < (int)sizeof line ? (size_t)n : sizeof line - 1;

	if (access("/run/systemd/journal/socket", F_OK) == 0 && journal_send(program, text) >= 0)
		return;
	_fd_ int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || write(fd, line, len) < 0)
		fprintf(stderr, "%s: %s\n", program, text);
}
