/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * runtime/facts*, runtime/bind*, runtime/podman, runtime/spawn: a host is a directory here, so that what is read of it is what the test wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/stat.h>

#include "lang/base/cleanup.h"
#include "runtime/bind.h"
#include "runtime/facts.h"
#include "runtime/podman.h"
#include "runtime/spawn.h"

struct world {
	char dir[64];
	struct host host;
	struct arena arena;
	struct err e;
};

static void world_write(struct world *w, const char *path, const char *text)
{
	char full[512];
	FILE *f;

	snprintf(full, sizeof full, "%s/%s", w->dir, path);
	for (char *p = full + strlen(w->dir) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(full, 0755);
		*p = '/';
	}
	f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	snprintf(w->dir, sizeof w->dir, "/tmp/ctc-test-bind.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->host.root_fd = open(w->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(w->host.root_fd >= 0);
	world_write(w, "dev/null", "");
	*state = w;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static int teardown(void **state)
{
	struct world *w = *state;

	close(w->host.root_fd);
	nftw(w->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	arena_free(&w->arena);
	free(w);
	return 0;
}

/* ---- facts ---- */

static void name_servers_are_those_that_a_container_can_ask(void **state)
{
	static const struct {
		const char *own, *behind, *wanted;
	} rows[] = {
		{"nameserver 192.0.2.1\n", NULL, "nameserver 192.0.2.1\n"},
		{"# c\nsearch a.example  b.example\nnameserver\t192.0.2.1 \nnameserver 2001:db8::1\noptions edns0\n", NULL,
		 "nameserver 192.0.2.1\nnameserver 2001:db8::1\nsearch a.example b.example\n"},
		{"nameserver 127.0.0.53\n", "nameserver 192.0.2.7\nsearch x\n", "nameserver 192.0.2.7\nsearch x\n"},
		{"nameserver 127.0.0.53\nnameserver 192.0.2.1\n", "nameserver 192.0.2.7\n", "nameserver 192.0.2.1\n"},
		{"nameserver ::1\n", "nameserver fe80::1%eth0\nnameserver fe80::1\nnameserver 169.254.1.1\n",
		 "# the host has no name server that a container can ask\n"},
		{"nameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\nnameserver 1.1.1.4\n", NULL,
		 "nameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\n"},
		{"search a\nsearch b\nnameserver 192.0.2.1", NULL, "nameserver 192.0.2.1\nsearch b\n"},
		{"nameserver 192.0.2.1; nameserver 192.0.2.2\nnameserver x\nnameserver\n", NULL, "# the host has no name server that a container can ask\n"},
		{"search \x01\x02\nnameserver 192.0.2.1\n", NULL, "nameserver 192.0.2.1\n"},
		{NULL, "nameserver 192.0.2.7\n", "nameserver 192.0.2.7\n"},
		{NULL, NULL, "# the host has no name server that a container can ask\n"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct {
			const char *path, *text;
		} files[] = {{"etc/resolv.conf", rows[i].own}, {"run/systemd/resolve/resolv.conf", rows[i].behind}};
		struct str got;

		for (size_t k = 0; k < 2; k++) {
			if (files[k].text)
				world_write(w, files[k].path, files[k].text);
			else
				unlinkat(w->host.root_fd, files[k].path, 0);
		}
		assert_int_equal(fact_resolv(&w->host, &w->arena, &got, &w->e), 0);
		if (!str_is(got, rows[i].wanted))
			fail_msg("row %zu: got %.*s", i, STR_ARG(got));
	}
}

static void links_stay_within_the_root(void **state)
{
	struct world *w = *state;
	struct str text;

	world_write(w, "etc/real", "inside\n");
	assert_int_equal(symlinkat("/etc/real", w->host.root_fd, "link"), 0);
	assert_int_equal(symlinkat("../../../../etc/passwd", w->host.root_fd, "out"), 0);
	assert_int_equal(fact_read(&w->host, STR("link"), 100, &w->arena, &text, &w->e), 0);
	assert_true(str_is(text, "inside\n"));
	assert_int_equal(fact_read(&w->host, STR("out"), 1000000, &w->arena, &text, &w->e), -ENOENT);
	assert_true(fact_exists(&w->host, STR("/etc/real")));
	assert_false(fact_exists(&w->host, STR("/etc/unreal")));
	assert_int_equal(fact_read(&w->host, STR("/etc/real"), 3, &w->arena, &text, &w->e), -EFBIG);
}

static void sysctl_names(void **state)
{
	struct world *w = *state;
	struct str value;

	world_write(w, "proc/sys/net/ipv4/ip_forward", "1\n");
	world_write(w, "proc/sys/net/ipv4/conf/eth0.5/forwarding", "0\n");
	assert_int_equal(fact_sysctl(&w->host, STR("net.ipv4.ip_forward"), &w->arena, &value, &w->e), 0);
	assert_true(str_is(value, "1"));
	assert_int_equal(fact_sysctl(&w->host, STR("net.ipv4.conf.eth0/5.forwarding"), &w->arena, &value, &w->e), 0);
	assert_true(str_is(value, "0"));
	assert_int_equal(fact_sysctl(&w->host, STR("net.ipv6.conf.all.forwarding"), &w->arena, &value, &w->e), -ENOENT);
	assert_non_null(strstr(w->e.text, "net.ipv6.conf.all.forwarding"));
}

static const char tcp4[] =
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0 100 0 0 10 0\n"
	"   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4243 1 0 100 0 0 10 0\n"
	"   2: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 4244 1 0 100 0 0 10 0\n";
static const char tcp6[] =
	"  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
	"   0: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4245 1 0 100 0 0 10 0\n"
	"   1: 00000000000000000000000001000000:1538 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4246 1 0 100 0 0 10 0\n"
	"   2: 0000000000000000FFFF00000100007F:2382 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4247 1 0 100 0 0 10 0\n"
	"garbage\n 3: nonsense:zz x 0A\n\n";

static void listeners_are_read(void **state)
{
	struct world *w = *state;
	struct listeners all = {0};
	static const struct {
		const char *addr;
		unsigned port;
		uint64_t inode;
	} want[] = {{"127.0.0.1", 8080, 4242}, {"0.0.0.0", 22, 4243}, {"", 443, 4245}, {"::1", 5432, 4246}, {"127.0.0.1", 9090, 4247}};

	listeners_parse(&w->arena, str_of(tcp4), PROTO_TCP, &all);
	listeners_parse(&w->arena, str_of(tcp6), PROTO_TCP, &all);
	assert_int_equal(all.all.n, sizeof want / sizeof want[0]);
	for (size_t i = 0; i < all.all.n; i++) {
		char text[ADDR_TEXT_MAX] = "";

		if (all.all.at[i].addr.family)
			addr_text(all.all.at[i].addr, text);
		assert_string_equal(text, want[i].addr);
		assert_int_equal(all.all.at[i].port, want[i].port);
		assert_int_equal(all.all.at[i].inode, want[i].inode);
	}
	all.all.n = 0;
	listeners_parse(&w->arena, str_of(tcp4), PROTO_UDP, &all);
	assert_int_equal(all.all.n, 0);
}

static void gpu_expect(struct world *w, const char *vendor, const char *want)
{
	struct strs words;
	char said[2048] = "";
	int r = fact_gpu(&w->host, str_of(vendor), &w->arena, &words, &w->e);

	for (size_t i = 0; r == 0 && i < words.n; i++)
		snprintf(said + strlen(said), sizeof said - strlen(said), "%s%.*s", i ? " " : "", STR_ARG(words.at[i]));
	assert_string_equal(r == 0 ? said : w->e.text, want);
}

static void gpus_by_their_nodes(void **state)
{
	struct world *w = *state;

	gpu_expect(w, "nvidia", "this host has no nvidia GPU: there is no /dev/nvidia* and no CDI file of nvidia.com/gpu in /etc/cdi or /run/cdi; "
				"install NVIDIA's driver, until nvidia-smi works, or leave gpu out");
	/* The driver without a card is no GPU. */
	world_write(w, "dev/nvidiactl", "");
	assert_int_equal(fact_gpu(&w->host, STR("nvidia"), &w->arena, &(struct strs){0}, &w->e), -ENODEV);
	world_write(w, "dev/nvidia10", "");
	world_write(w, "dev/nvidia2", "");
	world_write(w, "dev/nvidia0", "");
	world_write(w, "dev/nvidia-uvm", "");
	world_write(w, "dev/nvidia0x", "");
	gpu_expect(w, "nvidia", "--device=/dev/nvidia0 --device=/dev/nvidia2 --device=/dev/nvidia10 --device=/dev/nvidiactl --device=/dev/nvidia-uvm");
	world_write(w, "dev/dri/renderD129", "");
	world_write(w, "dev/dri/renderD128", "");
	world_write(w, "dev/dri/card0", "");
	gpu_expect(w, "intel", "--device=/dev/dri/renderD128 --device=/dev/dri/renderD129");
	assert_int_equal(fact_gpu(&w->host, STR("amd"), &w->arena, &(struct strs){0}, &w->e), -ENODEV);
	world_write(w, "dev/kfd", "");
	gpu_expect(w, "amd", "--device=/dev/kfd --device=/dev/dri/renderD128 --device=/dev/dri/renderD129");
	assert_int_equal(fact_gpu(&w->host, STR("voodoo"), &w->arena, &(struct strs){0}, &w->e), -EINVAL);
}

/* ---- podman's answers ---- */

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void images_are_matched_by_name(void **state)
{
	static const char answer[] = "{\"id\":\"" ID_A "\",\"tags\":[\"docker.io/library/web:1\",\"ghcr.io/x/y:2\"],\"digests\":[\"docker.io/library/web@sha256:77\"]}\n"
				     "{\"id\":\"sha256:" ID_B "\",\"tags\":null,\"digests\":[]}\n";
	struct world *w = *state;
	struct str names[] = {STR("ghcr.io/x/y:2"), STR("localhost/none:1"), STR(ID_B), STR("docker.io/library/web@sha256:77"), STR("ghcr.io/x/y:2")};
	static const char *const want[] = {ID_A, "", ID_B, ID_A, ID_A};
	struct str ids[5] = {0};

	assert_int_equal(podman_match(&w->arena, str_of(answer), &(struct strs){names, 5}, ids, &w->e), 0);
	for (size_t i = 0; i < 5; i++)
		assert_true(str_is(ids[i], want[i]));
}

static void answers_that_are_none(void **state)
{
	static const char *const answers[] = {"what?\n", "{\"id\":\"short\"}", "{\"id\":7}", "[]", "{\"id\":\"" ID_A "\"", "null", "{}",
					      "{\"id\":\"XXaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}"};
	struct world *w = *state;
	struct str name = STR("a"), id = {0};

	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
		assert_int_equal(podman_match(&w->arena, str_of(answers[i]), &(struct strs){&name, 1}, &id, &w->e), -EBADMSG);
	assert_int_equal(podman_match(&w->arena, STR(""), &(struct strs){&name, 1}, &id, &w->e), 0);
}

static void networks_of_podman(void **state)
{
	static const char *const answers[] = {"", "what?", "{}", "null", "[1", "\"x\""};
	struct world *w = *state;
	struct podman_networks all = {0};

	assert_int_equal(podman_networks_read(&w->arena,
					      STR("[{\"name\":\"podman\",\"subnets\":[{\"subnet\":\"10.88.0.0/16\",\"gateway\":\"10.88.0.1\"},{\"subnet\":\"fd88::/64\"}]},"
						  "{\"name\":\"none\"},{\"name\":\"odd\",\"subnets\":[{\"subnet\":\"x\"},7,{}]},7]"),
					      &all, &w->e), 0);
	assert_int_equal(all.all.n, 2);
	assert_true(str_is(all.all.at[0].name, "podman") && all.all.at[0].range.len == 16 && all.all.at[1].range.addr.family == 6);
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
		assert_int_equal(podman_networks_read(&w->arena, str_of(answers[i]), &all, &w->e), -EBADMSG);
}

/* ---- programs ---- */

static int spawn_text(struct world *w, int64_t within_ms, size_t max, struct spawned *ret, const char *const *argv)
{
	return spawn_run(&(struct spawn){.argv = argv, .within_ms = within_ms, .out_max = max, .interrupted = w->host.interrupted}, ret, &w->e);
}

static void programs_are_run(void **state)
{
	struct world *w = *state;
	struct spawned s;

	assert_int_equal(spawn_text(w, 5000, 100, &s, (const char *const[]){"sh", "-c", "echo out; echo 'Error: it broke' >&2; exit 3", NULL}), 0);
	assert_int_equal(s.status, 3);
	assert_true(str_is(buf_view(&s.out), "out\n"));
	assert_true(str_is(spawned_last_line(&s), "it broke"));
	spawned_free(&s);
	assert_int_equal(spawn_text(w, 5000, 100, &s, (const char *const[]){"sh", "-c", "kill -9 $$", NULL}), 0);
	assert_int_equal(s.status, 128 + 9);
	spawned_free(&s);
	/* A grandchild that keeps the pipe does not keep us. */
	assert_int_equal(spawn_text(w, 5000, 100, &s, (const char *const[]){"sh", "-c", "sleep 60 & echo $!", NULL}), 0);
	buf_addc(&s.out, '\0');
	assert_int_equal(kill(atoi(s.out.s), SIGKILL), 0);
	spawned_free(&s);
	assert_int_equal(spawn_text(w, 100, 100, &s, (const char *const[]){"sleep", "60", NULL}), -ETIMEDOUT);
	assert_int_equal(spawn_text(w, 5000, 100, &s, (const char *const[]){"yes", NULL}), -EFBIG);
	assert_int_equal(spawn_text(w, 5000, 0, &s, (const char *const[]){"no-such-program-at-all", NULL}), -ENOENT);
	assert_non_null(strstr(w->e.text, "no-such-program-at-all"));
	w->host.interrupted = &(volatile int){1};
	assert_int_equal(spawn_text(w, 5000, 0, &s, (const char *const[]){"sleep", "60", NULL}), -EINTR);
}

static void programs_get_no_more_environment_than_they_need(void **state)
{
	struct world *w = *state;
	struct spawned s;

	setenv("NOTIFY_SOCKET", "/run/x", 1);
	setenv("HTTPS_PROXY", "http://proxy", 1);
	assert_int_equal(spawn_text(w, 5000, 4096, &s, (const char *const[]){"env", NULL}), 0);
	buf_addc(&s.out, '\0');
	assert_null(strstr(s.out.s, "NOTIFY_SOCKET"));
	assert_non_null(strstr(s.out.s, "HTTPS_PROXY=http://proxy\n"));
	assert_non_null(strstr(s.out.s, "PATH=" SPAWN_PATH "\n"));
	spawned_free(&s);
}

/* ---- binding ---- */

static const char unit_text[] = "[Service]\n"
				"ExecStart=podman run \\\n"
				"\t--env=X=@gpu:nvidia@ \\\n"
				"\t@gpu:nvidia@ \\\n"
				"\t--last\n"
				"ExecStart=podman run \\\n"
				"\t@gpu:nvidia@\n"
				"\t@gpu\n"
				"\t@\n";
static const char unit_bound_text[] = "[Service]\n"
				      "ExecStart=podman run \\\n"
				      "\t--env=X=@gpu:nvidia@ \\\n"
				      "\t--device=/dev/nvidia0 \\\n"
				      "\t--device=/dev/nvidiactl \\\n"
				      "\t--last\n"
				      "ExecStart=podman run \\\n"
				      "\t--device=/dev/nvidia0 \\\n"
				      "\t--device=/dev/nvidiactl\n"
				      "\t@gpu\n"
				      "\t@\n";

static struct manifest world_compiled(struct world *w)
{
	struct manifest m = {.arena = &w->arena};
	struct str *binds = arena_array(&w->arena, 1, sizeof *binds);
	struct res_unit *u = manifest_add_unit(&m, STR("ct-ml-ollama.service"));

	*binds = STR("gpu:nvidia");
	u->text = str_of(unit_text);
	u->res.origin = STR("ml.ctstack:7:3");
	u->res.owner = STR("ml.ollama");
	u->binds = (struct strs){binds, 1};
	manifest_add_unit(&m, STR("ct-ml.target"))->text = STR("\t@gpu:nvidia@ \\\n");	/* says of itself that nothing in it is late */
	manifest_add_sysctl(&m, STR("net.ipv4.ip_forward"))->value = STR("1");
	assert_null(manifest_seal(&m));
	return m;
}

static void a_manifest_is_bound(void **state)
{
	struct world *w = *state;
	struct manifest compiled = world_compiled(w), bound = {.arena = &w->arena}, again = {.arena = &w->arena};
	struct strs missing;
	struct res_unit *u;
	struct res_sysctl *s;

	world_write(w, "dev/nvidia0", "");
	world_write(w, "dev/nvidiactl", "");
	world_write(w, "proc/sys/net/ipv4/ip_forward", "0\n");
	assert_int_equal(manifest_bind(&w->host, &compiled, NULL, &bound, &missing, &w->e), 0);
	assert_int_equal(missing.n, 0);
	assert_int_equal(bound.all.n, compiled.all.n);
	u = (struct res_unit *)manifest_find(&bound, RES_unit, STR("ct-ml-ollama.service"));
	assert_true(str_is(u->text, unit_bound_text));
	assert_int_equal(u->binds.n, 0);
	u = (struct res_unit *)manifest_find(&bound, RES_unit, STR("ct-ml.target"));
	assert_true(str_is(u->text, "\t@gpu:nvidia@ \\\n"));
	s = (struct res_sysctl *)manifest_find(&bound, RES_sysctl, STR("net.ipv4.ip_forward"));
	assert_true(str_is(s->prior, "0"));
	/* The old value is the one from before the first generation, not the one that ctc has set. */
	world_write(w, "proc/sys/net/ipv4/ip_forward", "1\n");
	assert_int_equal(manifest_bind(&w->host, &compiled, &bound, &again, &missing, &w->e), 0);
	s = (struct res_sysctl *)manifest_find(&again, RES_sysctl, STR("net.ipv4.ip_forward"));
	assert_true(str_is(s->prior, "0"));
	/* The compiled one is as it was. */
	u = (struct res_unit *)manifest_find(&compiled, RES_unit, STR("ct-ml-ollama.service"));
	assert_true(str_is(u->text, unit_text));
}

static void a_missing_gpu_names_its_container(void **state)
{
	struct world *w = *state;
	struct manifest compiled = world_compiled(w), bound = {.arena = &w->arena};
	struct strs missing;

	world_write(w, "proc/sys/net/ipv4/ip_forward", "0\n");
	assert_int_equal(manifest_bind(&w->host, &compiled, NULL, &bound, &missing, &w->e), -ENODEV);
	assert_non_null(strstr(w->e.text, "ml.ollama: this host has no nvidia GPU"));
	assert_string_equal(w->e.resource, "ct-ml-ollama.service");
}

/* What is said of the way to `to`, from `from` or a host on which nothing is. */
static int check_from(struct world *w, const struct manifest *from, const struct manifest *to)
{
	struct manifest nothing = {.arena = &w->arena};
	struct plan p;

	manifest_seal(&nothing);
	plan_make(&w->arena, from ? from : &nothing, to, &p);
	return bind_check(&w->host, &p, from, &w->e);
}

static struct manifest one_publish(struct world *w, const char *address, const char *port, bool v6)
{
	struct manifest m = {.arena = &w->arena};
	struct res_publish *p = manifest_add_publish(&m, str_fmt(&w->arena, "%s:%s", *address ? address : "*", port));
	struct res_container *c = manifest_add_container(&m, STR("ml.web"));

	p->address = str_of(address);
	p->port = str_of(port);
	p->to = STR("ml.web");
	p->res.origin = STR("ml.ctstack:9:3");
	c->address6 = v6 ? STR("fd00::2") : STR("");
	assert_null(manifest_seal(&m));
	return m;
}

static void ports_that_are_taken(void **state)
{
	static const struct {
		const char *address, *port;
		bool v6;
		int taken;	/* by which port; 0: by none */
	} rows[] = {
		{"127.0.0.1", "8080/tcp", false, 8080},
		{"127.0.0.1", "8080/udp", false, 0},
		{"127.0.0.2", "8080/tcp", false, 0},
		{"", "8080/tcp", false, 8080},
		{"0.0.0.0", "8080/tcp", false, 8080},
		{"127.0.0.1", "50000/tcp", false, 0},	/* a connection, no listener */
		{"192.0.2.1", "22/tcp", false, 22},	/* the program listens on every address */
		{"192.0.2.1", "443/tcp", false, 443},	/* on every address of both families */
		{"::1", "22/tcp", true, 0},
		{"", "5432/tcp", false, 0},		/* only IPv6 is taken, and there is none to publish */
		{"", "5432/tcp", true, 5432},
		{"::1", "5432/tcp", true, 5432},
		{"127.0.0.1", "9090/tcp", false, 9090},	/* an IPv4 address on a socket of IPv6 */
		{"127.0.0.1", "8000-8090/tcp", false, 8080},
		{"127.0.0.1", "8000-8079/tcp", false, 0},
	};
	struct world *w = *state;
	char path[64];

	snprintf(path, sizeof path, "proc/%d/net/tcp", (int)getpid());
	world_write(w, path, tcp4);
	snprintf(path, sizeof path, "proc/%d/net/tcp6", (int)getpid());
	world_write(w, path, tcp6);
	world_write(w, "proc/77/comm", "nginx\n");
	world_write(w, "proc/77/fd/x", "");
	assert_int_equal(symlinkat("socket:[4242]", w->host.root_fd, "proc/77/fd/4"), 0);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct manifest m = one_publish(w, rows[i].address, rows[i].port, rows[i].v6);
		int r = check_from(w, NULL, &m);
		char want[64];

		if (r != (rows[i].taken ? -EADDRINUSE : 0))
			fail_msg("row %zu: %d %s", i, r, w->e.text);
		snprintf(want, sizeof want, "port %d", rows[i].taken);
		if (rows[i].taken)
			assert_non_null(strstr(w->e.text, want));
		/* What is published already is ours. */
		assert_int_equal(check_from(w, &m, &m), 0);
	}
	struct manifest m = one_publish(w, "127.0.0.1", "8080/tcp", false);

	check_from(w, NULL, &m);
	assert_string_equal(w->e.text, "127.0.0.1:8080/tcp cannot be published: nginx (pid 77) listens on port 8080 of this host already; "
				       "stop it, or publish another port");
}

static void mounts_must_exist(void **state)
{
	struct world *w = *state;
	struct manifest m = {.arena = &w->arena};
	struct res_container *c = manifest_add_container(&m, STR("ml.web"));
	struct res_unit *unit = manifest_add_unit(&m, STR("ct-ml-web.service"));
	struct str *mounts = arena_array(&w->arena, 2, sizeof *mounts);

	mounts[0] = STR("/srv/a");
	mounts[1] = STR("/srv/b");
	c->mounts = (struct strs){mounts, 2};
	c->mount_origins = (struct strs){(struct str[]){STR("t.ctstack:5:11"), STR("t.ctstack:6:11")}, 2};
	c->res.origin = STR("ml.ctstack:3:3");
	unit->res.owner = c->res.id;
	manifest_seal(&m);
	world_write(w, "srv/a/file", "");
	assert_int_equal(check_from(w, NULL, &m), -ENOENT);
	assert_non_null(strstr(w->e.text, "ml.web mounts /srv/b, which is not on this host"));
	assert_string_equal(w->e.origin, "t.ctstack:6:11");
	/* It runs already: somebody else's change does not wait for that. */
	assert_int_equal(check_from(w, &m, &m), 0);
	world_write(w, "srv/b", "");
	assert_int_equal(check_from(w, NULL, &m), 0);
}

/* A default route from an advertisement, as proc(5) prints it (flags 0x00450003), and one that somebody set (0x00000003). */
static const char routes6[] =
	"fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n"
	"00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe80000000000000647de9fffed1e862 00000400 00000001 00000000 00000003     eth1\n"
	"00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe80000000000000647de9fffed1e862 00000400 00000001 00000000 00450003     eth0\n";

static void routes_that_forwarding_would_take(void **state)
{
	static const struct {
		const char *forwarding, *accept_ra;
		bool wanted, refused;
	} rows[] = {
		{"0\n", "1\n", true, true},
		{"0\n", "2\n", true, false},
		{"1\n", "1\n", true, false},	/* that has happened */
		{"0\n", "1\n", false, false},
	};
	struct world *w = *state;
	char path[64];

	snprintf(path, sizeof path, "proc/%d/net/ipv6_route", (int)getpid());
	world_write(w, path, routes6);
	world_write(w, "proc/sys/net/ipv6/conf/eth1/accept_ra", "1\n");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct manifest m = {.arena = &w->arena};

		if (rows[i].wanted)
			manifest_add_sysctl(&m, STR("net.ipv6.conf.all.forwarding"))->value = STR("1");
		manifest_seal(&m);
		world_write(w, "proc/sys/net/ipv6/conf/all/forwarding", rows[i].forwarding);
		world_write(w, "proc/sys/net/ipv6/conf/eth0/accept_ra", rows[i].accept_ra);
		w->e.text[0] = '\0';
		assert_int_equal(check_from(w, NULL, &m), rows[i].refused ? -ENETUNREACH : 0);
		assert_true(!rows[i].refused || strstr(w->e.text, "advertised on eth0"));
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(links_stay_within_the_root), T(name_servers_are_those_that_a_container_can_ask), T(sysctl_names), T(listeners_are_read), T(gpus_by_their_nodes),
		T(images_are_matched_by_name), T(answers_that_are_none), T(networks_of_podman), T(programs_are_run),
		T(programs_get_no_more_environment_than_they_need), T(a_manifest_is_bound), T(a_missing_gpu_names_its_container),
		T(ports_that_are_taken), T(mounts_must_exist), T(routes_that_forwarding_would_take),
	};

	return cmocka_run_group_tests_name("bind", tests, NULL, NULL);
}
