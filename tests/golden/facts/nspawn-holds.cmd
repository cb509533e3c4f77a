plan --facts used/nspawn.json used/tree.ctstack
