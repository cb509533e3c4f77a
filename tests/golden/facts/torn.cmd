plan --facts used/torn.json used/port.ctstack
