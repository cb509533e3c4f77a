plan --facts used/host.json used/good.ctstack
