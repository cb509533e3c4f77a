plan --facts used/bad-listener.json used/port.ctstack
