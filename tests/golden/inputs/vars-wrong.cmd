check --vars used/vars-wrong.ctstack used/lab.ctstack
