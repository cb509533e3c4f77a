check --deny E0301 off.ctstack
