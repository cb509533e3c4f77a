show --effective again.ctstack
