output broken/s.ctstack
