/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The generator (generator.h). A store that is broken must not break the boot: then there are no units, a line in the
 * journal or the kernel's log says why, and the exit status is 1. The files are on a tmpfs and made anew each time,
 * so that nothing is synced. */
#include "runtime/generator.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "lang/base/cleanup.h"
#include "lang/manifest.h"
#include "runtime/confirm.h"
#include "runtime/log.h"
#include "runtime/service.h"
#include "runtime/store.h"

enum { UNIT_NAME_MAX = 255 };

#define UNSETTLED_UNIT "ctstack-recover.service"

/* The generation that is active; *ret_found false where none is: after a boot. */
static int read_active(struct host *h, bool *ret_found, uint32_t *ret, struct err *e)
{
	static const char link[] = RUN_DIR "/active";
	char target[256];
	ssize_t n = readlinkat(h->root_fd, link, target, sizeof target - 1);

	*ret_found = n >= 0;
	if (n < 0)
		return errno == ENOENT ? 0 : err_errno(e, -errno, "read the link /%s", link);
	target[n] = '\0';
	const char *slash = strrchr(target, '/'), *digits = slash ? slash + 1 : target;
	if (!*digits || strlen(digits) > 9 || digits[strspn(digits, "0123456789")])
		return err_set(e, -EBADMSG, "the link /%s leads to %s, which is no generation", link, target);
	*ret = (uint32_t)strtoul(digits, NULL, 10);
	return 0;
}

/* Names become file names in systemd's directory: only what a unit's name may be (systemd.unit(5)), and only ours. */
static bool unit_name_ok(struct str name)
{
	if (!name.n || name.n > UNIT_NAME_MAX || name.s[0] == '.')
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.s[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr(":-_.\\", c))))
			return false;
	}
	return true;
}

static int write_unit(int dir, const struct res_unit *u, struct err *e)
{
	_fd_ int fd = openat(dir, u->res.id.s, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_errno(e, -errno, "create the unit file %s", u->res.id.s);
	for (size_t at = 0; at < u->text.n;) {
		ssize_t n = write(fd, u->text.s + at, u->text.n - at);

		if (n < 0 && errno != EINTR)
			return err_errno(e, -errno, "write the unit file %s", u->res.id.s);
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* TARGET.wants/UNIT -> ../UNIT, as `systemctl enable` makes it. */
static int write_link(int dir, struct str target, const struct res_unit *u, struct err *e)
{
	char at[2 * UNIT_NAME_MAX + 16], to[UNIT_NAME_MAX + 8];

	snprintf(at, sizeof at, "%.*s.wants", STR_ARG(target));
	if (mkdirat(dir, at, 0755) < 0 && errno != EEXIST)
		return err_errno(e, -errno, "create the directory %s", at);
	snprintf(at, sizeof at, "%.*s.wants/%s", STR_ARG(target), u->res.id.s);
	snprintf(to, sizeof to, "../%s", u->res.id.s);
	return symlinkat(to, dir, at) < 0 && errno != EEXIST ? err_errno(e, -errno, "create the link %s", at) : 0;
}

/* One for each that wants it. */
static int write_links(int dir, const struct res_unit *u, struct err *e)
{
	int r = 0;

	for (struct str rest = u->wanted_by; rest.n && r == 0;) {
		struct str target = str_cut(rest, ' ', &rest);

		r = unit_name_ok(target) ? write_link(dir, target, u, e) : err_set(e, -EBADMSG, "the manifest has a unit that is wanted by none of ours");
	}
	return r;
}

static int write_units(int dir, const struct manifest *m, struct err *e)
{
	struct res_unit *u;
	int r = 0;

	manifest_each(unit, u, m) {
		if (!unit_name_ok(u->res.id) || !str_starts(u->res.id, STR("ct")))
			return err_set(e, -EBADMSG, "the manifest has a unit whose name is none of ours");
		r = write_unit(dir, u, e);
		if (r == 0)
			r = write_links(dir, u, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Which generation counts here and now; in the store. A host without a store has none. */
static int find_generation(struct host *h, struct store *s, bool *ret_found, uint32_t *ret, struct err *e)
{
	_arena_ struct arena a = {0};
	int r = store_open(h, false, s, e);

	*ret_found = false;
	if (r == -ENOENT) {
		*e = (struct err){0};
		return 0;
	}
	if (r == 0)
		r = read_active(h, ret_found, ret, e);
	if (r == 0 && !*ret_found) {
		r = store_boot_generation(s, boot_id(h, &a), ret, e);
		*ret_found = true;
	}
	return r;
}

/* The last thing that is written: a link whose target is the generation's number. systemd leaves it alone, since it has no unit's name. */
static int write_mark(int dir, uint32_t number, struct err *e)
{
	char text[16];

	snprintf(text, sizeof text, "%u", number);
	return symlinkat(text, dir, GENERATED_MARK) < 0 ? err_errno(e, -errno, "create the link " GENERATED_MARK) : 0;
}

bool generator_done(struct host *h)
{
	_cleanup_(store_close) struct store s = {-1, -1, -1};
	char text[16], is[16];
	uint32_t number = 0;
	struct err ignored;
	bool found;

	if (find_generation(h, &s, &found, &number, &ignored) < 0)
		return false;
	if (!found)
		return true;
	ssize_t n = readlinkat(h->root_fd, GENERATED_DIR "/" GENERATED_MARK, is, sizeof is - 1);
	is[n > 0 ? n : 0] = '\0';
	snprintf(text, sizeof text, "%u", number);
	return strcmp(text, is) == 0;
}

/* The change that the last boot saw was cut off, or never confirmed: what counts runs already, and this makes the rest of the host agree with it. It gives up after some minutes,
 * and then `ctc status` says what there is to do. */
static int write_unsettled(int dir, struct err *e)
{
	static const char text[] = "[Unit]\n"
				   "Description=The way back of a change that the last boot did not see to its end\n"
				   "After=ctstack-network.service dbus.socket\n"
				   "StartLimitIntervalSec=1h\n"
				   "StartLimitBurst=60\n"
				   "[Service]\n"
				   "Type=exec\n"
				   "ExecStart=%s recover\n"
				   "Restart=on-failure\n"
				   "RestartSec=5s\n";
	char program[SERVICE_PROGRAM_MAX];
	_buf_ struct buf out = {0};
	struct res_unit u = {.res = {.id = STR(UNSETTLED_UNIT)}, .wanted_by = STR("multi-user.target")};
	int r = service_program(program, e);

	if (r < 0)
		return r;
	if (program[strcspn(program, "%$\\\"' \t\n")])
		return err_set(e, -EINVAL, "this program is at %s, which systemd cannot be told", program);
	buf_fmt(&out, text, program);
	u.text = buf_view(&out);
	r = write_unit(dir, &u, e);
	return r < 0 ? r : write_links(dir, &u, e);
}

int generator_run(struct host *h, const char *normal, struct err *e)
{
	_arena_ struct arena a = {0};
	_cleanup_(store_close) struct store s = {-1, -1, -1};
	struct manifest m = {.arena = &a};
	uint32_t number = 0;
	bool found;
	int r = find_generation(h, &s, &found, &number, e);

	if (r < 0 || !found)
		return r;
	r = store_load(&s, number, &m, NULL, e);
	if (r < 0)
		return r;
	_fd_ int dir = open(normal, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_errno(e, -errno, "open the directory %s", normal);
	r = write_units(dir, &m, e);
	if (r == 0 && store_unsettled(&s, boot_id(h, &a)))
		r = write_unsettled(dir, e);
	return r < 0 ? r : write_mark(dir, number, e);
}

int generator_main(int argc, char **argv)
{
	struct host h = {.root_fd = -1};
	struct err e = {0};

	if (argc != 4) {
		fprintf(stderr, "usage: ctstack-generator NORMAL EARLY LATE (systemd calls it: systemd.generator(7))\n");
		return 64;
	}
	umask(022);
	int r = host_open(&h, &e);
	if (r == 0)
		r = generator_run(&h, argv[1], &e);
	host_close(&h);
	if (r < 0 && isatty(STDERR_FILENO))
		fprintf(stderr, "ctstack-generator: %s\n", e.text);
	else if (r < 0)
		log_error("ctstack-generator", e.text);
	return r < 0 ? 1 : 0;
}
