plan --facts used/old-kernel.json used/port.ctstack
