#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Prints the functions that fault.c stands before, by name.
cd "$(dirname "$0")" || exit 1
sed -n 's/^EFFECT([^,]*, \([a-z0-9_]*\),.*/\1/p; s/^[a-z].*__wrap_\([a-z0-9_]*\)(.*/\1/p' effects.def fault.c | sort -u
