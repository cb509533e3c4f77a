check --locked pinned/s.ctstack
