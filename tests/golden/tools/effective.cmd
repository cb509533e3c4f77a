show --effective nets.ctstack
