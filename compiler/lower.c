/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * From the model to the manifest, as a list: every kind of resource is made from the model, its network and its flows.
 * Nothing here can fail; what could be wrong with a model, rules.c has refused.
 */
#include "compiler/lower.h"

#include <assert.h>

#include "compiler/lower_impl.h"

/* What a container becomes on the host. */
static void lower_containers(struct lowering *l)
{
	lower_images(l);
	lower_files(l);
	lower_links(l);
	lower_wireguard(l);
	lower_nft(l);
	lower_container_units(l);
}

static bool expects_anything(const struct model *model)
{
	vec_each(struct m_stack *const, s, &model->stacks)
		if ((*s)->expect.n)
			return true;
	return false;
}

void lower(struct arena *scratch, const struct model *model, const struct net *net, const struct routes *routes, const struct flows *flows,
	   struct sources *sources, bool outline, struct manifest *ret)
{
	struct lowering l = {
	    .arena = ret->arena,
	    .scratch = scratch,
	    .model = model,
	    .net = net,
	    .routes = routes,
	    .flows = flows,
	    .sources = sources,
	    .out = ret,
	};
	const struct res *twice;

	lower_declared(&l);
	lower_forwarding(&l);
	lower_hooks(&l);
	lower_stack_units(&l);
	lower_metrics(&l);
	lower_proxies(&l);
	if (!outline || expects_anything(model))
		lower_containers(&l);
	buf_free(&l.text);
	twice = manifest_seal(ret);
	assert(!twice);
	(void)twice;
}
