check unpinned/s.ctstack
