/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Images: podman's storage is full of them, and an apply only ever adds. What a generation runs is an image's id; that its reference leads elsewhere by now is no difference. They
 * are fetched before the transaction (images_fetch), and never removed by one. */
#include <errno.h>

#include "lang/base/cleanup.h"
#include "runtime/kind.h"
#include "runtime/podman.h"

/* Two names an image: its id, where it is known, and its reference. */
static int image_observe(struct host *h, const struct manifest *known, struct manifest *ret, struct err *e)
{
	size_t n = known->first[RES_image + 1] - known->first[RES_image], at = 0;
	_arena_ struct arena scratch = {0};
	struct str *names = arena_array(&scratch, 2 * n + 1, sizeof *names), *ids = arena_array(&scratch, 2 * n + 1, sizeof *ids);
	struct res_image *i;
	int r;

	manifest_each(image, i, known) {
		names[at++] = i->digest.n ? i->digest : i->res.id;
		names[at++] = i->res.id;
	}
	r = podman_images(h, &scratch, &(struct strs){names, at}, ids, e);
	if (r < 0)
		return r;
	at = 0;
	manifest_each(image, i, known) {
		struct str id = ids[at].n ? ids[at] : ids[at + 1];

		at += 2;
		if (id.n) {
			struct res_image *seen = (struct res_image *)res_copy(ret->arena, &i->res);

			seen->digest = str_copy(ret->arena, id);
			manifest_put(ret, &seen->res);
		}
	}
	return 0;
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

const struct kind_ops kind_image = {image_observe, image_prepare, image_apply};
