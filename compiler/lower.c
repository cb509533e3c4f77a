/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * From the model to the manifest, as a list: every kind of resource is made from the model, its network and its flows.
 * Nothing here can fail; what could be wrong with a model, rules.c has refused.
 */
#include "compiler/lower.h"

#include <assert.h>

#include "compiler/lower_impl.h"

void lower(struct arena *scratch, const struct model *model, const struct net *net, const struct routes *routes, const struct flows *flows,
	   struct sources *sources, struct manifest *ret)
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
	lower_images(&l);
	lower_files(&l);
	lower_net(&l);
	lower_wireguard(&l);
	lower_nft(&l);
	lower_units(model, net, sources, ret);
	lower_metrics(&l);
	lower_proxies(&l);
	buf_free(&l.text);
	twice = manifest_seal(ret);
	assert(!twice);
	(void)twice;
}
