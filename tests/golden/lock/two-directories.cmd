lock none/s.ctstack stale/s.ctstack
