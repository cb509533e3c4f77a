output --vars used/vars.ctstack --format json used/lab.ctstack
