/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Rules about GPUs: how they are chosen, and that one which a container has for itself is nobody else's, whatever stack that is in. */
#include "compiler/rules_impl.h"
#include "lang/schema.h"

/* What CDI allows in a device's name, and "*" is ours. */
static bool device_name_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.s[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (i && c && strchr("_-.:", c))))
			return false;
	}
	return s.n > 0 && s.n <= 64;
}

RULE(gpu_choice)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;
		struct map seen = {0};

		if (!c->rare->gpu.set && (c->rare->gpu_devices.set || c->rare->gpu_sharing.set))
			diag_help(r->diags,
				  diag_add(r->diags, code, c->rare->gpu_devices.set ? c->rare->gpu_devices.at : c->rare->gpu_sharing.at, "nothing says whose GPUs these are"),
				  "name the vendor: gpu = nvidia");
		if (c->rare->gpu_devices.set && !c->rare->gpu_devices.v.n)
			diag_help(r->diags, diag_add(r->diags, code, c->rare->gpu_devices.at, "this chooses no GPU"), "leave it out for all of the vendor's, or `gpu` for none");
		for (size_t i = 0; i < c->rare->gpu_devices.v.n; i++) {
			struct str name = c->rare->gpu_devices.v.at[i];

			if (!device_name_ok(name))
				diag_add(r->diags, code, c->rare->gpu_devices.at, "\"%.*s\" is no name of a GPU: letters, digits, `_`, `-`, `.` and `:`", STR_ARG(name));
			else if (map_add(r->arena, &seen, name, (void *)(uintptr_t)c))
				diag_add(r->diags, code, c->rare->gpu_devices.at, "GPU %.*s is chosen twice", STR_ARG(name));
		}
	}
}

/* Who claimed a GPU first, in any way and for itself. */
struct claims {
	const struct m_container *any, *exclusive;
};

struct vendor {
	struct claims each;	/* of any single GPU */
	struct claims all;	/* of all of them */
	struct map devices;	/* name -> struct claims */
};

static bool wants_alone(const struct m_container *c)
{
	return c->rare->gpu_sharing.set && c->rare->gpu_sharing.v == WORD_SHARING_exclusive;
}

static const struct m_container *in_the_way(const struct claims *claims, const struct m_container *c)
{
	return wants_alone(c) ? claims->any : claims->exclusive;
}

static void claim(struct claims *claims, const struct m_container *c)
{
	if (!claims->any)
		claims->any = c;
	if (!claims->exclusive && wants_alone(c))
		claims->exclusive = c;
}

static void exclusive_add(struct rules *r, enum diag_code code, const struct m_container *first, const struct m_container *later, struct str which)
{
	struct span a = first->rare->gpu_sharing.set ? first->rare->gpu_sharing.at : first->rare->gpu.at, b = later->rare->gpu_sharing.set ? later->rare->gpu_sharing.at : later->rare->gpu.at;
	struct diag *d;

	if (said_later(a, &first->head, b, &later->head)) {
		SWAP(first, later);
		SWAP(a, b);
	}
	d = diag_add(r->diags, code, b, "container `%.*s` and container `%.*s` both use %s GPU%s%.*s, and one of them for itself", STR_ARG(later->head.name),
		     STR_ARG(first->head.name), word_texts[later->rare->gpu.v].s, which.n ? " " : "s", STR_ARG(which));
	diag_note(r->diags, d, a, "the other one");
	diag_help(r->diags, d, "give them different ones with `gpu-devices`, or let them share");
}

static void claim_all(struct rules *r, enum diag_code code, struct vendor *v, const struct m_container *c)
{
	const struct m_container *other = in_the_way(&v->all, c);

	other = other ? other : in_the_way(&v->each, c);
	if (other)
		exclusive_add(r, code, other, c, STR(""));
	claim(&v->all, c);
}

static void claim_some(struct rules *r, enum diag_code code, struct vendor *v, const struct m_container *c)
{
	const struct m_container *all = in_the_way(&v->all, c);

	if (all)
		exclusive_add(r, code, all, c, STR(""));
	for (size_t i = 0; i < c->rare->gpu_devices.v.n; i++) {
		struct str name = c->rare->gpu_devices.v.at[i];
		struct claims *claims = map_get(&v->devices, name);
		const struct m_container *other;

		if (!claims) {
			claims = arena_new(r->arena, struct claims);
			*claims = (struct claims){0};
			map_add(r->arena, &v->devices, name, claims);
		}
		other = in_the_way(claims, c);
		if (other && other != c && !all)
			exclusive_add(r, code, other, c, name);
		claim(claims, c);
		claim(&v->each, c);
	}
}

RULE(gpu_exclusive)
{
	struct vendor vendors[WORD_COUNT] = {0};

	rules_each_container(m, r) {
		const struct m_container *c = m->container;

		if (!c->rare->gpu.set)
			continue;
		if (c->rare->gpu_devices.set)
			claim_some(r, code, &vendors[c->rare->gpu.v], c);
		else
			claim_all(r, code, &vendors[c->rare->gpu.v], c);
	}
}

/* Who used one of a vendor's GPUs before, beside whom this container would. */
static const struct m_container *beside(struct vendor *v, const struct m_container *c)
{
	if (!c->rare->gpu_devices.set)
		return v->each.any ? v->each.any : v->all.any;
	for (size_t i = 0; i < c->rare->gpu_devices.v.n && !v->all.any; i++) {
		const struct m_container *other = map_get(&v->devices, c->rare->gpu_devices.v.at[i]);

		if (other && other != c)
			return other;
	}
	return v->all.any;
}

static void shared_add(struct rules *r, enum diag_code code, const struct m_container *first, const struct m_container *later)
{
	const struct m_container *silent = later->rare->gpu_sharing.set ? first : later, *other = silent == later ? first : later;
	struct diag *d = diag_add(r->diags, code, silent->rare->gpu.at, "containers `%.*s` and `%.*s` would use the same %s GPUs, and nothing says that they should",
				  STR_ARG(first->head.name), STR_ARG(later->head.name), word_texts[later->rare->gpu.v].s);

	if (other->rare->gpu.at.lo != silent->rare->gpu.at.lo)
		diag_note(r->diags, d, other->rare->gpu.at, "the other one");
	diag_help(r->diags, d, "say that their models fit beside each other: gpu-sharing = shared; or give each its own with `gpu-devices`");
}

/* Once a vendor: all that come later are helped by the same line. */
RULE(gpu_shared)
{
	struct vendor vendors[WORD_COUNT] = {0};
	bool said[WORD_COUNT] = {false};

	rules_each_container(m, r) {
		const struct m_container *c = m->container, *other;
		struct vendor *v = &vendors[c->rare->gpu.v];

		if (!c->rare->gpu.set || wants_alone(c))
			continue;
		other = beside(v, c);
		if (other && !said[c->rare->gpu.v] && !(c->rare->gpu_sharing.set && other->rare->gpu_sharing.set)) {
			shared_add(r, code, other, c);
			said[c->rare->gpu.v] = true;
		}
		claim(c->rare->gpu_devices.set ? &v->each : &v->all, c);
		for (size_t i = 0; i < c->rare->gpu_devices.v.n; i++)
			map_add(r->arena, &v->devices, c->rare->gpu_devices.v.at[i], (void *)(uintptr_t)c);
	}
}

/* Drivers whose users need more than a node or two. */
static const struct by_hand {
	const char *prefix, *vendor, *more;
} by_hand[] = {
	{"/dev/nvidia", "nvidia", "other nodes, and libraries of the host"},
	{"/dev/kfd", "amd", "the nodes of its cards, too"},
};

static const struct by_hand *node_of(const struct m_device *d)
{
	for (size_t k = 0; k < sizeof by_hand / sizeof by_hand[0]; k++)
		if (str_starts(d->from.v, str_of(by_hand[k].prefix)))
			return &by_hand[k];
	return NULL;
}

/* Said once a container, of the node that is written first. */
RULE(gpu_by_hand)
{
	rules_each_container(m, r) {
		const struct m_container *c = m->container;
		const struct m_device *first = NULL;

		for (size_t i = 0; i < c->device.n && !c->rare->gpu.set; i++)
			if (node_of(c->device.at[i]) && (!first || c->device.at[i]->from.at.lo < first->from.at.lo))
				first = c->device.at[i];
		if (first)
			diag_help(r->diags,
				  diag_add(r->diags, code, first->from.at, "a program that uses the GPU of %.*s needs %s", STR_ARG(first->from.v), node_of(first)->more),
				  "gpu = %s gives the container all that belongs to it; gpu-devices chooses the cards", node_of(first)->vendor);
	}
}
