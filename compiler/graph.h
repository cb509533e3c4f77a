/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A picture of stacks: containers in their subnets, who may reach whom, who waits for whom, and what the host publishes. As text for Graphviz or Mermaid, which draw it. */
#ifndef CTC_COMPILER_GRAPH_H
#define CTC_COMPILER_GRAPH_H

#include "lang/model.h"

enum graph_format { GRAPH_DOT, GRAPH_MERMAID };

/* The model is a checked one. The same model gives the same text. */
void graph_print(const struct model *model, enum graph_format format, struct buf *out);

#endif
