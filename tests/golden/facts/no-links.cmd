plan --facts used/no-links.json used/port.ctstack
