/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Images and trees: podman's storage and /var/lib/ctstack/os are full of them, and an apply only ever adds. What a generation runs is an image's id; that its reference leads elsewhere by now is no difference. They
 * are fetched before the transaction (images_fetch), and never removed by one. */
#include <errno.h>

#include "lang/base/cleanup.h"
#include "runtime/image.h"
#include "runtime/kind.h"
#include "runtime/podman.h"

static int image_observe(struct host *h, const struct manifest *known, struct manifest *ret, struct err *e)
{
	size_t n = known->first[RES_image + 1] - known->first[RES_image], at = 0;
	_arena_ struct arena scratch = {0};
	struct res_image **images = arena_array(&scratch, n + 1, sizeof(struct res_image *)), *i;
	struct str *ids = arena_array(&scratch, n + 1, sizeof *ids);

	manifest_each(image, i, known)
		images[at++] = i;
	int r = images_seen(h, &scratch, images, n, ids, e);

	podman_forget(h);	/* who looks again wants to know what is there then */
	for (at = 0; at < n && r == 0; at++)
		if (ids[at].n) {
			struct res_image *seen = (struct res_image *)res_copy(ret->arena, &images[at]->res);

			seen->digest = str_copy(ret->arena, ids[at]);
			manifest_put(ret, &seen->res);
		}
	return r;
}

/* What is not there now must have been removed since it was bound. */
static int image_prepare(struct host *h, struct slice s, struct err *e)
{
	(void)h;
	for (size_t i = 0; i < s.n; i++) {
		const struct res_image *to = (const struct res_image *)s.at[i].to;

		if (!to)
			continue;
		err_set(e, -ENOENT, "the image %.*s with id %.12s is not on this host any more%s", STR_ARG(to->res.id),
			to->digest.n ? to->digest.s : "(none)",
			s.at[i].from ? ": its name leads to another image now" : "; fetch it with podman pull");
		return err_resource(e, to->res.id);
	}
	return 0;
}

static int image_apply(struct host *h, enum phase phase, struct slice s, struct err *e)
{
	(void)h, (void)phase, (void)s, (void)e;
	return 0;
}

const struct kind_ops kind_image = {.observe = image_observe, .prepare = image_prepare, .apply = image_apply};
