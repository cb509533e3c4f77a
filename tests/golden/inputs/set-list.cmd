check --set model=x --set names=a,b used/lab.ctstack
