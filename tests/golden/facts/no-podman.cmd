plan --facts used/no-podman.json used/port.ctstack
