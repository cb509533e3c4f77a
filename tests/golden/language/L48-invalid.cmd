check --locked ../lock/stale/s.ctstack
