check --locked ../lock/pinned/s.ctstack
