check --locked named/s.ctstack
