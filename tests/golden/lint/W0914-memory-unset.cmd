check --deny memory-unset off.ctstack
