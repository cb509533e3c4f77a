plan --facts used/host.json used/init.ctstack
