plan --facts used/old-systemd.json used/port.ctstack
