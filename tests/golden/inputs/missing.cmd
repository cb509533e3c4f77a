check used/lab.ctstack
