plan --facts used/host.json used/uplink.ctstack
