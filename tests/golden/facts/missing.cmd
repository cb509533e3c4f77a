plan --facts used/none.json used/port.ctstack
