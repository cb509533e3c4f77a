plan --offline probed.ctstack
