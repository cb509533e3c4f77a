/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What podman has no option for, it is asked to let `ctc` do: a read-only bind mount of its own leaves the file systems that are mounted below it writable. A hook (oci-hooks(5)) is
 * given the container's configuration before the container is made, and makes such a mount read-only as a whole. The file that names it is one for all containers. */
#include "compiler/lower_impl.h"

bool reads_only(const struct m_container *c)
{
	if (container_is_tree(c))
		return false;	/* systemd-nspawn does so by itself */
	vec_each(struct m_volume *const, v, &c->volume)
		if ((*v)->readonly.v)
			return true;
	for (size_t i = 0; i < c->mount.n; i++)
		if (c->mount.at[i].block && c->mount.at[i].block->readonly.v)
			return true;
	return false;
}

/* Podman asks for an absolute path and gives a hook no variables: `ctc` is looked for as systemd looks for it. */
static const char hook_text[] = "{\n"
			       "  \"version\": \"1.0.0\",\n"
			       "  \"hook\": {\n"
			       "    \"path\": \"/usr/bin/env\",\n"
			       "    \"args\": [\"env\", \"ctc\", \"readonly\"],\n"
			       "    \"env\": [\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin\"]\n"
			       "  },\n"
			       "  \"when\": {\"always\": true},\n"
			       "  \"stages\": [\"precreate\"]\n"
			       "}\n";

void lower_hooks(struct lowering *l)
{
	lower_each_member(m, l) {
		struct res_file *r;

		if (!reads_only(m->container))
			continue;
		r = manifest_add_file(l->out, STR(HOOKS_DIR "/readonly.json"));
		res_mark(&r->res, NULL, STR(""), source_origin(l->sources, m->container->head.at));
		r->mode = 0644;
		r->content = str_of(hook_text);
		return;
	}
}
