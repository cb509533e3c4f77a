check --locked broken/s.ctstack
