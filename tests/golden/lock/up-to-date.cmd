lock locked/s.ctstack
