check --deny warnings off.ctstack
