plan --facts used/host.json used/tree.ctstack
