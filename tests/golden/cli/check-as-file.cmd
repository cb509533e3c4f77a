check --as a.ctstack b.ctstack
