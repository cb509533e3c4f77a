plan --facts used/host.json used/named/s.ctstack
