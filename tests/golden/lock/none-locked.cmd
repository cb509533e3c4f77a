check --locked none/s.ctstack
