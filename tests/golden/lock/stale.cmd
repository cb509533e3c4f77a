output stale/s.ctstack
