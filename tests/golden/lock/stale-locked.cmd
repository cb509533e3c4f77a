check --locked stale/s.ctstack
