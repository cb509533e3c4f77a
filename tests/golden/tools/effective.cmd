show --effective all.ctstack
