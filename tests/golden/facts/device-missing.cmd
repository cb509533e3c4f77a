plan --facts used/host.json used/device.ctstack
