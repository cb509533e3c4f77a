check --locked ../lock/named/s.ctstack
