check --locked locked/s.ctstack
