/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The table of kinds that have an effect on the host. Which of them acts in which phase stands in txn.c. */
#include "runtime/kind.h"

const struct kind_ops *const kinds[RES_KIND_COUNT] = {
	[RES_image] = &kind_image,
	[RES_sysctl] = &kind_sysctl,
	[RES_gate] = &kind_gate,
	[RES_directory] = &kind_directory,
	[RES_file] = &kind_file,
	[RES_netns] = &kind_netns,
	[RES_link] = &kind_link,
	[RES_macvlan] = &kind_macvlan,
	[RES_nft] = &kind_nft,
	[RES_unit] = &kind_unit,
	[RES_proxy] = &kind_proxy,
};
