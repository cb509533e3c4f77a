check not-there.ctstack
