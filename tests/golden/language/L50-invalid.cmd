check --locked ../lock/unpinned/s.ctstack
