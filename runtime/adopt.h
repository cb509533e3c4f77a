/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Comparing what was compiled with a saved generation, without its host: what binding once filled in is taken over where nothing else differs, so that an offline plan
 * shows what the source changes and not what only the host knows. */
#ifndef CTC_RUNTIME_ADOPT_H
#define CTC_RUNTIME_ADOPT_H

#include "lang/manifest.h"

/* Both sealed; ret has its arena set, shares resources with both, and is sealed on return. A file of the host's name servers, a unit with late-bound words whose other lines are those of base's unit of
 * the same name, an image of the same reference, and a kernel switch of the same value become base's. */
void manifest_adopt(const struct manifest *compiled, const struct manifest *base, struct manifest *ret);

#endif
