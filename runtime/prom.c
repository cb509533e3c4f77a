/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The text of prom.h. */
#include "runtime/prom.h"

#include "lang/base/cleanup.h"
#include "runtime/fs.h"

static void head(struct buf *out, const char *name, const char *help)
{
	buf_fmt(out, "# HELP ctstack_%s %s\n# TYPE ctstack_%s gauge\nctstack_%s", name, help, name, name);
}

static void gauge(struct buf *out, const char *name, const char *help, uint64_t value)
{
	head(out, name, help);
	buf_fmt(out, " %llu\n", (unsigned long long)value);
}

void prom_text(const struct prom *p, struct buf *out)
{
	gauge(out, "generation", "The generation that runs.", p->generation);
	if (p->last) {
		gauge(out, "last_change_time_seconds", "When the host was changed last, or when that was tried.", (uint64_t)p->last->time);
		gauge(out, "last_change_success", "Whether the last change was done.", str_is(p->last->outcome, "done"));
		head(out, "last_change_info", "What the last change was.");
		/* a word of ctc's own, without quotes and backslashes */
		buf_fmt(out, "{action=\"%.*s\"} 1\n", STR_ARG(p->last->action));
	}
	if (!p->looked)
		return;
	gauge(out, "drift", "Differences between the host and the generation.", p->drift);
	gauge(out, "containers", "Containers of the generation.", p->containers);
	gauge(out, "containers_active", "Those of them that run, or have finished where they run once.", p->active);
}

int prom_write(struct host *h, const struct prom *p, struct err *e)
{
	_buf_ struct buf text = {0};
	int r = fs_mkdirs(h->root_fd, STR(METRICS_DIR), 0, 0, 0755, NULL, e);

	prom_text(p, &text);
	return r < 0 ? r : fs_replace(h->root_fd, STR(METRICS_DIR "/ctstack.prom"), buf_view(&text), 0644, e);
}
