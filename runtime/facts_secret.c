/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What may be known of a secret's file without telling what is in it: that it is there, that not everybody can read it, and whether it is another one than before. */
#include <fcntl.h>
#include <nettle/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lang/base/cleanup.h"
#include "runtime/facts.h"

enum {
	SECRET_MAX = 1 << 20,	/* systemd.exec(5), "Credentials": 1M for all of a unit's together */
	KEY_MAX = 64,
	STAMP_BYTES = 8,
};

static int check_file(const struct stat *st, struct str path, bool sealed, struct err *e)
{
	if (!S_ISREG(st->st_mode))
		return err_set(e, -EINVAL, "%.*s is no regular file", STR_ARG(path));
	if (st->st_size > SECRET_MAX)
		return err_set(e, -EFBIG, "%.*s is longer than 1 MiB, the most that systemd hands to a service", STR_ARG(path));
	if (sealed || !(st->st_mode & S_IRWXO))
		return 0;
	_buf_ struct buf word = {0};
	buf_shell(&word, path);
	return err_set(e, -EPERM, "%.*s is open to everybody on this host (mode %04o): chmod 0600 %.*s", STR_ARG(path), (unsigned)st->st_mode & 07777U,
		       STR_ARG(buf_view(&word)));
}

static int read_key(struct host *h, uint8_t key[KEY_MAX], size_t *ret_n, struct err *e)
{
	_fd_ int fd = fact_open(h, STR(STATE_DIR "/key"), O_RDONLY);
	ssize_t n = fd >= 0 ? read(fd, key, KEY_MAX) : 0;

	*ret_n = n > 0 ? (size_t)n : 0;
	if (fd == -ENOENT || n > 0)
		return 0;
	return err_errno(e, fd < 0 ? fd : n < 0 ? -errno : -ENODATA, "cannot read /" STATE_DIR "/key");
}

int fact_keyed_digest(struct host *h, struct str text, char out[DIGEST_TEXT + 1], struct err *e)
{
	uint8_t key[KEY_MAX], sum[SHA256_DIGEST_SIZE];
	struct hmac_sha256_ctx ctx;
	size_t n;
	int r = read_key(h, key, &n, e);

	if (r < 0)
		return r;
	hmac_sha256_set_key(&ctx, n, key);
	explicit_bzero(key, sizeof key);
	hmac_sha256_update(&ctx, text.n, (const uint8_t *)text.s);
	hmac_sha256_digest(&ctx, sizeof sum, sum);
	explicit_bzero(&ctx, sizeof ctx);
	for (size_t i = 0; i < sizeof sum; i++)
		snprintf(out + 2 * i, 3, "%02x", sum[i]);
	return n ? 0 : err_set(e, -ENOKEY, "this host has no key yet: nothing was planned or applied on it");
}

static int stamp_file(int fd, const uint8_t *key, size_t nkey, struct str path, struct arena *a, struct str *ret, struct err *e)
{
	uint8_t bytes[16384], sum[STAMP_BYTES];
	struct hmac_sha256_ctx ctx;
	_buf_ struct buf text = {0};
	ssize_t n;
	int code;

	hmac_sha256_set_key(&ctx, nkey, key);
	while ((n = read(fd, bytes, sizeof bytes)) > 0)
		hmac_sha256_update(&ctx, (size_t)n, bytes);
	code = n < 0 ? -errno : 0;
	explicit_bzero(bytes, sizeof bytes);
	if (code < 0)
		return err_errno(e, code, "cannot read %.*s", STR_ARG(path));
	hmac_sha256_digest(&ctx, sizeof sum, sum);
	explicit_bzero(&ctx, sizeof ctx);
	for (size_t i = 0; i < sizeof sum; i++)
		buf_fmt(&text, "%02x", sum[i]);
	*ret = buf_take(&text, a);
	return 0;
}

int fact_secret(struct host *h, struct str path, bool sealed, struct arena *a, struct str *ret, struct err *e)
{
	_fd_ int fd = fact_open(h, path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
	uint8_t key[KEY_MAX];
	struct stat st;
	size_t n = 0;

	if (fd == -ENOENT)
		return err_set(e, fd, "%.*s is not on this host: write the secret there first, readable by root alone", STR_ARG(path));
	if (fd < 0)
		return err_errno(e, fd, "cannot open %.*s", STR_ARG(path));
	if (fstat(fd, &st) < 0)
		return err_errno(e, -errno, "cannot look at %.*s", STR_ARG(path));
	int r = check_file(&st, path, sealed, e);
	if (r == 0)
		r = read_key(h, key, &n, e);
	if (r < 0)
		return r;
	*ret = STR("unknown");
	r = n ? stamp_file(fd, key, n, path, a, ret, e) : 0;
	explicit_bzero(key, sizeof key);
	return r;
}
