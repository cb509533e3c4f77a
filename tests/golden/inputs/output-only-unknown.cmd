output --vars used/vars.ctstack --only worker used/lab.ctstack
