graph routes.ctstack
