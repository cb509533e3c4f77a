/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What Prometheus is told of ctc itself, in its text format (https://prometheus.io/docs/instrumenting/exposition_formats/): for node_exporter's textfile collector. */
#ifndef CTC_RUNTIME_PROM_H
#define CTC_RUNTIME_PROM_H

#include "runtime/store.h"

struct prom {
	uint32_t generation;		/* that runs */
	const struct event *last;	/* the last change, or NULL */
	bool looked;			/* whether the host was looked at; else what follows is not known */
	size_t drift;			/* differences between the host and the generation */
	size_t containers, active;
};

void prom_text(const struct prom *p, struct buf *out);
/* Into METRICS_DIR/ctstack.prom, replaced in one step. */
int prom_write(struct host *h, const struct prom *p, struct err *e);

#endif
