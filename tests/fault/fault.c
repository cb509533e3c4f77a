/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Fault points, for a test build of ctc (build/fault/ctc): each call by which our code changes a host (effects.def) comes here first, by the linker's --wrap. The calls of all
 * processes of a host are counted in one shared file; where the number is one that a test asked for, the process is killed, or the call fails without having been made. The
 * program itself has no line for this.
 *
 * In /run/ctc-fault: `count`, 8 bytes, how many points were passed (where it is missing, nothing happens); `at`, text: pairs of the number of a point, from 1 on, and what happens
 * there, an errno, 0 for SIGKILL, or 1000 for a cut of the power: whoever emulates the machine is told on `power`, a link to a serial line, and the process goes no further; `log`
 * gets a line for each point that is passed: NUMBER PROCESS EFFECT ADDRESS TEXT, where ADDRESS is the caller's for addr2line(1). */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

struct control {
	_Atomic uint64_t *count;
	struct {
		unsigned long number, code;
	} at[2];
};

enum { POWER = 1000 };

extern const char __executable_start[];
ssize_t __real_write(int d, const void *b, size_t n);

/* Readiness checks run beside the transaction and change nothing: they would only blur the numbers. */
static bool concerned(void)
{
	char line[256] = "";
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof line - 1);

	if (fd >= 0)
		close(fd);
	return n > 0 && strcmp(line + strlen(line) + 1, "wait") != 0;
}

static void control_read(struct control *c)
{
	char text[128] = "";
	int fd = open("/run/ctc-fault/count", O_RDWR | O_CLOEXEC), at = open("/run/ctc-fault/at", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && at >= 0 && read(at, text, sizeof text - 1) > 0) {
		void *p = mmap(NULL, sizeof *c->count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

		c->count = p == MAP_FAILED ? NULL : p;
		sscanf(text, "%lu %lu %lu %lu", &c->at[0].number, &c->at[0].code, &c->at[1].number, &c->at[1].code);
	}
	if (fd >= 0)
		close(fd);
	if (at >= 0)
		close(at);
}

static struct control *control(void)
{
	static struct control c;
	static bool looked;

	if (!looked) {
		looked = true;
		if (concerned())
			control_read(&c);
	}
	return c.count ? &c : NULL;
}

static void power_cut(void)
{
	static const char line[] = "cut\n";
	int fd = open("/run/ctc-fault/power", O_WRONLY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || __real_write(fd, line, sizeof line - 1) < 0)
		abort();
	for (;;)
		pause();
}

/* 0: go on; else the errno with which the call fails. */
static int point(const char *effect, const void *caller, const char *said)
{
	struct control *c = control();
	char line[512];
	int saved = errno;

	if (!c)
		return 0;
	uint64_t number = atomic_fetch_add(c->count, 1) + 1;
	int fd = open("/run/ctc-fault/log", O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd >= 0) {
		int n = snprintf(line, sizeof line, "%lu %d %s 0x%lx %s\n", (unsigned long)number, (int)getpid(), effect,
				 (unsigned long)((const char *)caller - __executable_start - 1), said ? said : "");

		if (__real_write(fd, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1) < 0)
			abort();
		close(fd);
	}
	errno = saved;
	for (int i = 0; i < 2; i++) {
		if (c->at[i].number != number)
			continue;
		if (c->at[i].code == 0)
			raise(SIGKILL);
		if (c->at[i].code == POWER)
			power_cut();
		return (int)c->at[i].code;
	}
	return 0;
}

/* Whether what goes out asks for nothing but an answer, or does not go to the kernel. */
static bool netlink_asks(int fd, const void *bytes, size_t n)
{
	const struct nlmsghdr *m = bytes;
	int domain;
	socklen_t size = sizeof domain;

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0 || domain != AF_NETLINK)
		return true;
	return n >= sizeof *m && ((m->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP || !(m->nlmsg_flags & NLM_F_ACK));
}

static bool method_asks(const char *member)
{
	return !member || strncmp(member, "Get", 3) == 0 || strncmp(member, "List", 4) == 0 || strcmp(member, "Subscribe") == 0 || strcmp(member, "Hello") == 0 ||
	       strcmp(member, "AddMatch") == 0;
}

#define EFFECT(type, name, parameters, arguments, asks, said)                                            \
	type __real_##name parameters;                                                                   \
	type __wrap_##name parameters                                                                    \
	{                                                                                                \
		int code = (asks) ? 0 : point(#name, __builtin_return_address(0), said);                 \
                                                                                                         \
		if (code) {                                                                              \
			errno = code;                                                                    \
			return -1;                                                                       \
		}                                                                                        \
		return __real_##name arguments;                                                          \
	}
#include "effects.def"

/* What does not fit the table. */

int __real_openat(int d, const char *path, int flags, ...);
int __wrap_openat(int d, const char *path, int flags, ...)
{
	bool makes = flags & (O_CREAT | O_TRUNC) || (flags & O_TMPFILE) == O_TMPFILE;
	int code = makes ? point("openat", __builtin_return_address(0), path) : 0;
	va_list ap;

	va_start(ap, flags);
	mode_t mode = makes ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	if (code) {
		errno = code;
		return -1;
	}
	return __real_openat(d, path, flags, mode);
}

long __real_syscall(long number, long a, long b, long c, long d, long e, long f);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	const struct open_how *how = number == SYS_openat2 ? (const struct open_how *)c : NULL;
	bool asks = how && !(how->flags & (O_CREAT | O_TRUNC)) && (how->flags & O_TMPFILE) != O_TMPFILE;
	int code = asks ? 0 : point("syscall", __builtin_return_address(0), how ? (const char *)b : NULL);

	if (code) {
		errno = code;
		return -1;
	}
	return __real_syscall(number, a, b, c, d, e, f);
}

int __real_posix_spawn(pid_t *p, const char *path, const posix_spawn_file_actions_t *fa, const posix_spawnattr_t *at, char *const argv[], char *const envp[]);
int __wrap_posix_spawn(pid_t *p, const char *path, const posix_spawn_file_actions_t *fa, const posix_spawnattr_t *at, char *const argv[], char *const envp[])
{
	int code = point("posix_spawn", __builtin_return_address(0), path);

	return code ? code : __real_posix_spawn(p, path, fa, at, argv, envp);
}

int __real_sd_bus_call_async(sd_bus *b, sd_bus_slot **s, sd_bus_message *m, sd_bus_message_handler_t h, void *context, uint64_t us);
int __wrap_sd_bus_call_async(sd_bus *b, sd_bus_slot **s, sd_bus_message *m, sd_bus_message_handler_t h, void *context, uint64_t us)
{
	const char *member = sd_bus_message_get_member(m);
	int code = method_asks(member) ? 0 : point("sd_bus_call_async", __builtin_return_address(0), member);

	return code ? -code : __real_sd_bus_call_async(b, s, m, h, context, us);
}

int __real_sd_bus_call(sd_bus *b, sd_bus_message *m, uint64_t us, sd_bus_error *e, sd_bus_message **ret);
int __wrap_sd_bus_call(sd_bus *b, sd_bus_message *m, uint64_t us, sd_bus_error *e, sd_bus_message **ret)
{
	const char *member = sd_bus_message_get_member(m);
	int code = method_asks(member) ? 0 : point("sd_bus_call", __builtin_return_address(0), member);

	return code ? -code : __real_sd_bus_call(b, m, us, e, ret);
}

/* The arguments behind `types` are passed on as what sd_bus_call_methodv(3) takes. */
int __wrap_sd_bus_call_method(sd_bus *b, const char *to, const char *path, const char *interface, const char *member, sd_bus_error *e, sd_bus_message **ret,
			      const char *types, ...)
{
	int code = method_asks(member) ? 0 : point("sd_bus_call_method", __builtin_return_address(0), member);
	va_list ap;

	if (code)
		return -code;
	va_start(ap, types);
	int r = sd_bus_call_methodv(b, to, path, interface, member, e, ret, types, ap);
	va_end(ap);
	return r;
}

/* A started unit is watched for a tenth of the time, or a whole matrix would take hours. */
struct host;
struct err;
int __real_bus_pause(struct host *h, uint64_t us, struct err *e);
int __wrap_bus_pause(struct host *h, uint64_t us, struct err *e)
{
	return __real_bus_pause(h, us > 100000 ? 100000 : us, e);
}
