plan --base moved-stack-before.ctstack moved-stack.ctstack
