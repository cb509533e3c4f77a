plan --facts used/nspawn-old.json used/tree.ctstack
