check --locked unpinned/s.ctstack
