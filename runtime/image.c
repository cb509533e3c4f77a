/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Finding and fetching, see image.h. An archive's image is known in podman's storage by a name made of the archive's digest, so that the same file is never loaded twice and a changed one
 * is another image. A tree is built beside its place and renamed: what is there is whole. */
#include "runtime/image.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <unistd.h>

#include "lang/base/cleanup.h"
#include "runtime/digest.h"
#include "runtime/facts.h"
#include "runtime/fs.h"
#include "runtime/podman.h"
#include "runtime/spawn.h"

#define ARCHIVE "archive:"
#define OS "os:"
#define ARCHIVE_NAME "localhost/ctstack-archive:"

enum { FETCH_MS = 3600 * 1000, SAID_MAX = 1 << 20, PART = 1 << 16 };

static struct str behind(struct str text, struct str prefix)
{
	return (struct str){text.s + prefix.n, text.n - prefix.n};
}

struct str image_said(struct arena *a, struct str reference)
{
	struct str system, mirror, packages;
	struct buf out = {0};

	if (!str_starts(reference, STR(OS)))
		return reference;
	system = str_cut(behind(reference, STR(OS)), '|', &mirror);
	mirror = str_cut(mirror, '|', &packages);
	buf_str(&out, system);
	for (const char *between = " with "; packages.n; between = ", ") {
		struct str one = str_cut(packages, ' ', &packages);

		buf_fmt(&out, "%s%.*s", between, STR_ARG(one));
	}
	if (mirror.n)
		buf_fmt(&out, " from %.*s", STR_ARG(mirror));
	return buf_take(&out, a);
}

/* ---- archives ---- */

/* Its file, and the name that its content has: localhost/ctstack-archive:DIGEST. */
static int archive_open(struct host *h, struct arena *a, struct str path, int *ret_fd, struct str *ret, struct err *e)
{
	_fd_ int fd = fact_open(h, path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
	uint8_t sum[SHA256_DIGEST_SIZE], part[PART];
	struct sha256_ctx ctx;
	char hex[DIGEST_TEXT + 1];
	ssize_t n;

	if (fd == -ENOENT)
		return err_set(e, -ENOENT, "the archive %.*s is not on this host: build or copy it there first", STR_ARG(path));
	if (fd < 0)
		return err_errno(e, fd, "cannot open the archive %.*s", STR_ARG(path));
	sha256_init(&ctx);
	while ((n = read(fd, part, sizeof part)) != 0) {
		if (n < 0 && errno != EINTR)
			return err_errno(e, -errno, "cannot read the archive %.*s", STR_ARG(path));
		if (n > 0)
			sha256_update(&ctx, (size_t)n, part);
	}
	sha256_digest(&ctx, sizeof sum, sum);
	digest_put(sum, hex);
	*ret = str_fmt(a, ARCHIVE_NAME "%s", hex);
	*ret_fd = take_fd(&fd);
	return 0;
}

static int archive_name(struct host *h, struct arena *a, struct str path, struct str *ret, struct err *e)
{
	_fd_ int fd = -1;

	return archive_open(h, a, path, &fd, ret, e);
}

/* "Loaded image: docker.io/library/web:1": the last word of the only such line. */
static struct str loaded_name(struct str said, size_t *ret_count)
{
	struct str name = STR("");

	for (*ret_count = 0; said.n;) {
		struct str line = str_cut(said, '\n', &said), value;

		if (!str_starts(line, STR("Loaded image")))
			continue;
		str_cut(line, ' ', &value);
		str_cut(value, ' ', &name);
		++*ret_count;
	}
	return name;
}

/* podman takes what stands behind a colon in an archive's path for the name of an image in it: it gets the file itself, which is the one that was looked at, too. */
static int archive_load(struct podman_fetch *f, struct arena *a, struct str path, struct err *e)
{
	struct host *h = f->h;
	static const char *const load[] = {"podman", "load", "--input", "/proc/self/fd/0", NULL};
	_spawned_ struct spawned loaded = {0}, tagged = {0};
	struct spawn s = {.argv = load, .within_ms = FETCH_MS, .out_max = SAID_MAX, .interrupted = h->interrupted, .host = h, .heard = podman_heard, .context = f};
	_fd_ int fd = -1;
	struct str name;
	size_t count;
	int r = archive_open(h, a, path, &fd, &name, e);

	s.in_fd = fd;
	if (r == 0)
		r = spawn_run(&s, &loaded, e);
	if (r < 0)
		return err_context(e, "cannot load the archive %.*s", STR_ARG(path));
	/* its last line is of the last format that it tried */
	if (loaded.status != 0 && str_find(buf_view(&loaded.said), STR("does not match any of the supported image formats")))
		return err_set(e, -EINVAL, "cannot load the archive %.*s: it is no OCI or Docker archive: `podman save` and `skopeo copy` make one", STR_ARG(path));
	if (loaded.status != 0)
		return err_set(e, -EIO, "cannot load the archive %.*s: %.*s", STR_ARG(path), STR_ARG(spawned_last_line(&loaded)));
	struct str image = loaded_name(buf_view(&loaded.out), &count);
	if (count != 1)
		return err_set(e, -EINVAL, "the archive %.*s holds %zu images: make one for each container", STR_ARG(path), count);
	const char *const tag[] = {"podman", "tag", str_copy(a, image).s, name.s, NULL};
	s.argv = tag;
	s.in_fd = 0;
	r = spawn_run(&s, &tagged, e);
	if (r == 0 && tagged.status != 0)
		return err_set(e, -EIO, "cannot name the image of the archive %.*s: %.*s", STR_ARG(path), STR_ARG(spawned_last_line(&tagged)));
	return r;
}

/* ---- trees ---- */

static struct str os_id(struct arena *a, struct str reference)
{
	char hex[DIGEST_TEXT + 1];

	digest_hex(reference, hex);
	return str_copy(a, str_of(hex));
}

static bool os_there(struct host *h, struct arena *a, struct str id)
{
	return fact_exists(h, str_fmt(a, OS_DIR "/%.*s", STR_ARG(id)));
}

/* The program's words: mmdebstrap, or debootstrap where that is what there is. */
static void os_words(struct arena *a, struct str reference, struct str target, bool mm, const char **argv)
{
	struct str mirror, packages, system = str_cut(behind(reference, STR(OS)), '|', &mirror), release;
	size_t n = 0;

	mirror = str_cut(mirror, '|', &packages);
	str_cut(system, ' ', &release);
	struct str include = str_fmt(a, "--include=%.*s", STR_ARG(packages));
	for (char *c = (char *)include.s; *c; c++)
		*c = *c == ' ' ? ',' : *c;
	argv[n++] = mm ? "mmdebstrap" : "debootstrap";
	argv[n++] = "--variant=minbase";
	if (packages.n)
		argv[n++] = include.s;
	/* debootstrap takes "--" for an option that it does not know. */
	if (mm) {
		argv[n++] = "--quiet";
		argv[n++] = "--";
	}
	argv[n++] = str_copy(a, release).s;
	argv[n++] = target.s;
	if (mirror.n)
		argv[n++] = str_copy(a, mirror).s;
	argv[n] = NULL;
}

/* What went wrong first: behind it, mmdebstrap and debootstrap say only that it did. */
static struct str first_error(const struct spawned *done)
{
	for (struct str rest = buf_view(&done->said); rest.n;) {
		struct str line = str_cut(rest, '\n', &rest);

		if (str_starts(line, STR("E: ")))
			return line;
	}
	return spawned_last_line(done);
}

static int os_run(struct podman_fetch *f, const char *const *argv, struct err *e)
{
	const struct spawn s = {.argv = argv, .within_ms = FETCH_MS, .out_max = SAID_MAX, .interrupted = f->h->interrupted, .host = f->h, .heard = podman_heard, .context = f};
	_spawned_ struct spawned done = {0};
	struct str said = f->what;
	int r = spawn_run(&s, &done, e);

	if (r < 0)
		return err_context(e, "cannot build %.*s", STR_ARG(said));
	if (done.status != 0)
		return err_set(e, -EIO, "cannot build %.*s: %s ended with status %d: %.*s", STR_ARG(said), argv[0], done.status, STR_ARG(first_error(&done)));
	return 0;
}

/* What bears a tree's name is whole after a cut of the power, too. */
static int os_settle(struct host *h, struct str target, struct str place, struct err *e)
{
	_fd_ int fd = openat(h->root_fd, target.s + 1, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || syncfs(fd) < 0)
		return err_errno(e, -errno, "cannot write %.*s to disk", STR_ARG(place));
	if (renameat(h->root_fd, target.s + 1, h->root_fd, place.s) < 0)
		return err_errno(e, -errno, "cannot put %.*s in its place", STR_ARG(place));
	return fs_sync_path(h->root_fd, STR(OS_DIR), e);
}

static int os_build(struct podman_fetch *f, struct arena *a, struct str reference, struct err *e)
{
	struct host *h = f->h;
	struct str place = str_fmt(a, OS_DIR "/%.*s", STR_ARG(os_id(a, reference))), target = str_fmt(a, "/%.*s.new", STR_ARG(place));
	const char *build[10], *const clear[] = {"rm", "-rf", "--one-file-system", "--", target.s, NULL};
	char path[256];
	bool mm = spawn_find("mmdebstrap", path, sizeof path) != NULL;
	int r;

	if (!mm && !spawn_find("debootstrap", path, sizeof path))
		return err_set(e, -ENOENT, "neither mmdebstrap nor debootstrap is installed, which build %.*s: apt-get install mmdebstrap", STR_ARG(f->what));
	os_words(a, reference, target, mm, build);
	r = fs_mkdirs(h->root_fd, STR(OS_DIR), 0, 0, 0711, NULL, e);
	if (r == 0)	/* what one that was cut off has left */
		r = os_run(f, clear, e);
	if (r == 0)
		r = os_run(f, build, e);
	return r == 0 ? os_settle(h, target, place, e) : r;
}

/* ---- all of them ---- */

/* Where podman is asked: two names an image; the answers are told apart by place. */
struct question {
	VEC(struct str) names;
	VEC(size_t) images;
};

static int question_ask(struct host *h, struct arena *a, const struct question *q, struct str *ret_ids, struct err *e)
{
	struct str *ids = arena_array(a, q->names.n + 1, sizeof *ids);
	int r = podman_images(h, a, &(struct strs){q->names.at, q->names.n}, ids, e);

	for (size_t i = 0; i < q->images.n && r == 0; i++)
		ret_ids[q->images.at[i]] = ids[2 * i].n ? ids[2 * i] : ids[2 * i + 1];
	return r;
}

static void question_add(struct arena *a, struct question *q, size_t image, struct str first, struct str second)
{
	vec_push(a, &q->names, first);
	vec_push(a, &q->names, second);
	vec_push(a, &q->images, image);
}

int images_find(struct host *h, struct arena *a, struct res_image *const *images, const struct str *known, size_t n, struct str *ret_ids, struct err *e)
{
	struct question q = {0};

	for (size_t i = 0; i < n; i++) {
		struct str reference = images[i]->res.id, name = reference;

		ret_ids[i] = STR("");
		if (str_starts(reference, STR(OS))) {
			struct str id = os_id(a, reference);

			if (os_there(h, a, id))
				ret_ids[i] = id;
			continue;
		}
		if (str_starts(reference, STR(ARCHIVE)) && archive_name(h, a, behind(reference, STR(ARCHIVE)), &name, e) < 0)
			return err_resource(e, reference);
		question_add(a, &q, i, known[i].n && str_eq(name, reference) ? known[i] : name, name);
	}
	return question_ask(h, a, &q, ret_ids, e);
}

int images_seen(struct host *h, struct arena *a, struct res_image *const *images, size_t n, struct str *ret_ids, struct err *e)
{
	struct question q = {0};

	for (size_t i = 0; i < n; i++) {
		struct str reference = images[i]->res.id, id = images[i]->digest;
		bool archive = str_starts(reference, STR(ARCHIVE));

		ret_ids[i] = STR("");
		if (str_starts(reference, STR(OS)))
			ret_ids[i] = id.n && os_there(h, a, id) ? id : STR("");
		else if (id.n || !archive)
			question_add(a, &q, i, id.n ? id : reference, archive ? id : reference);
	}
	return question_ask(h, a, &q, ret_ids, e);
}

static int fetch_one(struct host *h, struct arena *a, struct str reference, struct err *e)
{
	bool built = str_starts(reference, STR(OS));
	struct podman_fetch f = podman_fetch_begin(h, image_said(a, reference));
	int r;

	host_progress(h, "%s %.*s", built ? "build" : "fetch", STR_ARG(f.what));
	r = built				? os_build(&f, a, reference, e) :
	    str_starts(reference, STR(ARCHIVE)) ? archive_load(&f, a, behind(reference, STR(ARCHIVE)), e) :
						  podman_pull(&f, a, e);
	if (r == 0)
		host_progress(h, "%s %.*s (%lld s)", built ? "built" : "fetched", STR_ARG(f.what), podman_fetch_seconds(&f));
	return r;
}

int images_fetch(struct host *h, const struct strs *missing, struct err *e)
{
	_arena_ struct arena a = {0};

	podman_forget(h);
	for (size_t i = 0; i < missing->n; i++)
		if (fetch_one(h, &a, missing->at[i], e) < 0)
			return err_resource(e, missing->at[i]);
	return 0;
}
