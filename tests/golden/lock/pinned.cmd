show --effective pinned/s.ctstack
