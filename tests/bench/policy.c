/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What it costs to change the policy of a large stack by a little, in the kernel: applies the first source's elements in a network namespace of its own, then goes to the
 * second source and back again and again, as a transaction would. Prints one line:
 *	ELEMENTS BYTES MS	of all of them, at once
 *	READ_MS			to read them back
 *	ELEMENTS BYTES MS MS	of the change there; the shortest time of it and of the way back
 * Bytes are those of the batch. Needs root.
 *	policy FROM.ctstack TO.ctstack */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <time.h>

#include "compiler/compile.h"
#include "runtime/kind.h"

enum { TIMES = 20 };

static size_t sent; /* bytes since it was set to 0 */

ssize_t __real_sendto(int fd, const void *bytes, size_t n, int flags, const struct sockaddr *to, socklen_t len);
ssize_t __wrap_sendto(int fd, const void *bytes, size_t n, int flags, const struct sockaddr *to, socklen_t len);
ssize_t __wrap_sendto(int fd, const void *bytes, size_t n, int flags, const struct sockaddr *to, socklen_t len)
{
	sent += n;
	return __real_sendto(fd, bytes, n, flags, to, len);
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void check(int r, const struct err *e)
{
	if (r >= 0)
		return;
	fprintf(stderr, "policy: %s\n", e->text);
	exit(1);
}

struct cost {
	size_t elements, bytes;
	double ms;
};

/* Takes the kernel from one manifest to the other. */
static struct cost change(struct host *h, const struct manifest *from, const struct manifest *to)
{
	struct arena a = {0};
	struct plan p = {0};
	struct err e = {0};
	struct cost c;

	plan_make(&a, from, to, &p);
	struct slice s = plan_slice(&p, RES_nft);
	double begin = now_ms();
	check(kind_nft.prepare(h, s, &e), &e);
	sent = 0;
	check(kind_nft.apply(h, PHASE_SWAP, s, &e), &e);
	c = (struct cost){s.n, sent, now_ms() - begin};
	arena_free(&a);
	return c;
}

/* The shortest of some readings of all that is there. */
static double read_back(struct host *h)
{
	double best = 0;

	for (int i = 0; i < TIMES; i++) {
		struct arena a = {0};
		struct manifest known = {.arena = &a}, now = {.arena = &a};
		struct err e = {0};
		double begin = now_ms(), ms;

		manifest_seal(&known);
		check(kind_nft.observe(h, &known, &now, &e), &e);
		ms = now_ms() - begin;
		best = i == 0 || ms < best ? ms : best;
		arena_free(&a);
	}
	return best;
}

static struct manifest *compiled(struct compilation *c, const char *path)
{
	struct buf out = {0};

	if (compile_files(c, &path, 1) == 0)
		return &c->manifest;
	diags_render(&c->diags, DIAG_TEXT, false, &out);
	fprintf(stderr, "%.*s", STR_ARG(buf_view(&out)));
	exit(1);
}

int main(int argc, char **argv)
{
	struct compilation one = {0}, other = {0};
	struct host h = {0};
	struct err e = {0};

	if (argc != 3) {
		fputs("usage: policy FROM.ctstack TO.ctstack\n", stderr);
		return 64;
	}
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("tmpfs", "/run", "tmpfs", 0, "mode=0755") < 0) {
		perror("policy: needs root and namespaces");
		return 1;
	}
	const struct manifest *from = compiled(&one, argv[1]), *to = compiled(&other, argv[2]);
	struct arena a = {0};
	struct manifest nothing = {.arena = &a};
	struct cost all, there = {0}, back = {0};

	manifest_seal(&nothing);
	check(host_open(&h, &e), &e);
	all = change(&h, &nothing, from);
	double reading = read_back(&h);
	for (int i = 0; i < TIMES; i++) {
		struct cost forth = change(&h, from, to), home = change(&h, to, from);

		there = i == 0 || forth.ms < there.ms ? forth : there;
		back = i == 0 || home.ms < back.ms ? home : back;
	}
	printf("%zu %zu %.2f %.2f %zu %zu %.2f %.2f\n", all.elements, all.bytes, all.ms, reading, there.elements, there.bytes, there.ms, back.ms);
	host_close(&h);
	compilation_end(&one);
	compilation_end(&other);
	return 0;
}
