output none/s.ctstack
