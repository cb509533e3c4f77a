show --effective uses.ctstack
