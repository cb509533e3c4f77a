check ../lock/unnamed.ctstack
