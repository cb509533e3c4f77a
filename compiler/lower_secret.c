/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Secrets in a unit: systemd reads (and decrypts) them into the unit's credentials, `ctc deliver` puts those that are files where the container sees them, in memory
 * that is never swapped. Only paths and names stand in the text, or bytes that this host's key has encrypted. spec/services.md has the rules. */
#include <inttypes.h>

#include "compiler/lower_engine.h"
#include "lang/base/sort.h"

static int cmp_secrets(const void *a, const void *b)
{
	return str_cmp((*(const struct m_secret *const *)a)->head.name, (*(const struct m_secret *const *)b)->head.name);
}

struct secrets container_secrets_given(struct arena *a, const struct m_container *c)
{
	size_t all = c->secret.n + c->rare->env_files.v.n, n = 0, kept = 0;
	const struct m_secret **at = arena_array(a, all, sizeof(const struct m_secret *));

	for (size_t i = 0; i < c->secret.n; i++)
		at[n++] = c->secret.at[i].left.v;
	for (size_t i = 0; i < c->rare->env_files.v.n; i++)
		at[n++] = c->rare->env_files.v.at[i];
	sort_array(at, n, sizeof(const struct m_secret *), cmp_secrets);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || at[kept - 1] != at[i])
			at[kept++] = at[i];
	return (struct secrets){at, kept};
}

struct str secret_path(const struct m_secret *s)
{
	return s->file.set ? s->file.v : s->encrypted_file.set ? s->encrypted_file.v : STR("");
}

size_t secret_mounts(struct unit_of *u, struct bind_mount *ret)
{
	const struct m_container *c = u->c;

	for (size_t i = 0; i < c->secret.n; i++)
		ret[i] = (struct bind_mount){.from = STR_JOIN(u->arena, name_secrets(u->arena, c), STR("/"), c->secret.at[i].left.v->head.name),
					     .to = c->secret.at[i].right.v,
					     .readonly = true,
					     .made = true,
					     .mapped = users_are_private(c)};
	return c->secret.n;
}

static void credential(struct unit_of *u, const struct m_secret *s)
{
	struct str name = s->head.name;

	if (s->encrypted.set) {
		PUT(u->out, STR("SetCredentialEncrypted="), name, STR(":"), s->encrypted.v, STR("\n"));
		return;
	}
	PUT(u->out, s->file.set ? STR("LoadCredential=") : STR("LoadCredentialEncrypted="), name, STR(":"));
	unit_rest(u->out, secret_path(s));
	PUT(u->out, STR("\n"));
}

/* "password:999:999:0400" */
static struct str delivered(struct unit_of *u, size_t i)
{
	const struct m_container *c = u->c;
	const struct m_arrow_secret *how = c->secret.at[i].block;
	struct owner owner = how && how->owner.set ? how->owner.v : c->user.set ? c->user.v : (struct owner){0};

	return str_fmt(u->arena, "%.*s:%" PRIu32 ":%" PRIu32 ":%04" PRIo64, STR_ARG(c->secret.at[i].left.v->head.name), owner.uid, owner.gid,
		       how && how->mode.set ? (uint64_t)how->mode.v : 0400);
}

void secret_load(struct unit_of *u)
{
	struct secrets given = container_secrets_given(u->arena, u->c);
	size_t n = u->c->secret.n;
	struct str *files = arena_array(u->arena, n + 1, sizeof *files);

	for (size_t i = 0; i < given.n; i++)
		credential(u, given.at[i]);
	if (!n)
		return;
	for (size_t i = 0; i < n; i++)
		files[i] = delivered(u, i);
	sort_strs(files, n);
	PUT(u->out, STR("ExecStartPre=ctc deliver "), users_are_private(u->c) ? STR("--mapped ") : STR(""), u->name);
	for (size_t i = 0; i < n; i++)
		PUT(u->out, STR(" "), files[i]);
	PUT(u->out, STR("\n"));
}

void secret_unload(struct unit_of *u)
{
	if (u->c->secret.n)
		PUT(u->out, STR("ExecStopPost=-ctc deliver "), users_are_private(u->c) ? STR("--mapped ") : STR(""), u->name, STR("\n"));
}

void secret_own(struct unit_of *u)
{
	struct secrets given = container_secrets_given(u->arena, u->c);

	for (size_t i = 0; i < given.n; i++)
		if (secret_path(given.at[i]).n)
			unit_late(u, given.at[i]->file.set ? STR("secret") : STR("sealed"), STR_JOIN(u->arena, name_full(u->arena, &given.at[i]->head), STR(":"), secret_path(given.at[i])), true);
}
