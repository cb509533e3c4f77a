output --vars used/vars.ctstack --only workers used/lab.ctstack
