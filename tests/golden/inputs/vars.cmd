output --vars used/vars.ctstack --set workers=3 used/lab.ctstack
