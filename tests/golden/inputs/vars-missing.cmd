check --vars used/missing.ctstack --set model=x used/lab.ctstack
