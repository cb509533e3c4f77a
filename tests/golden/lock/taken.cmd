check taken/s.ctstack
