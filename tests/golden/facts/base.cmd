plan --facts used/host.json --base used/port.ctstack used/port.ctstack
