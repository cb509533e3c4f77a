plan --base used/before.ctstack renamed.ctstack
