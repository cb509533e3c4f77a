plan --base moved-before.ctstack moved.ctstack
