doc inputs.ctstack
