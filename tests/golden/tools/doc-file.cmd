doc all.ctstack
