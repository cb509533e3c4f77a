plan --facts used/host.json used/port.ctstack
