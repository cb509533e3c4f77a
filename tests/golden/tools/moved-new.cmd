plan --offline moved.ctstack
