check --locked ../lock/locked/s.ctstack
