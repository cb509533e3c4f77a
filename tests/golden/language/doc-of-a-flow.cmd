plan --offline L44-valid.ctstack
