graph all.ctstack
