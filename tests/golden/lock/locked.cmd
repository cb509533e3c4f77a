output locked/s.ctstack
